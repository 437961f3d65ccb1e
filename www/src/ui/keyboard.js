// Keys for everything; the list to read is in dialogs.js.

const STRAY_MS = 1000;

/** Whether single keys are commands: speech input, for one, types letters that nobody meant. */
export const keysOn = () => { try { return localStorage.getItem('keys') !== 'off'; } catch { return true; } };
export const setKeys = (on) => { try { localStorage.setItem('keys', on ? 'on' : 'off'); } catch { /* they stay on then */ } };

export function keyboard(app) {
  let prefix = '';
  let timer;
  let typed = -Infinity;       // when something was last typed into a field
  addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const [target] = event.composedPath();
    const typing = target instanceof HTMLElement && (target.isContentEditable || ['INPUT', 'TEXTAREA', 'SELECT'].includes(target.tagName)) && target.type !== 'checkbox';
    if (event.key === 'Escape') {
      if (document.querySelector('dialog[open], :popover-open')) return;
      typed = -Infinity;
      if (typing) { (app.panels[app.state.tab].table?.element ?? document.getElementById('main'))?.focus(); return; }
      if (app.element.classList.contains('show-filters')) app.element.classList.remove('show-filters');
      else if (app.state.selection) app.view.select(undefined);
      return;
    }
    if (typing) typed = event.timeStamp;
    // A field that loses the focus while someone types must not make commands of the rest of the word.
    if (typing || event.timeStamp - typed < STRAY_MS || document.querySelector('dialog[open]')) return;
    if (!keysOn()) return;
    const key = prefix + event.key;
    prefix = '';
    if (event.key === 'g' && key === 'g') {
      prefix = 'g ';
      clearTimeout(timer);
      timer = setTimeout(() => { prefix = ''; }, 1000);
      return;
    }
    const { table } = app.panels[app.state.tab];
    const move = (by) => {
      if (!table) return;
      table.element.focus({ preventScroll: true });
      table.move(by);
    };
    const act = {
      '/': () => { app.element.classList.add('show-filters'); app.sidebar.search.focus(); },
      j: () => move(1), k: () => move(-1),
      'g a': () => app.view.go('alerts'), 'g e': () => app.view.go('events'), 'g t': () => app.view.go('attack'), 'g q': () => app.view.go('query'), 'g r': () => app.view.go('rules'), 'g p': () => app.showProblems(),
      o: () => app.header.files.click(), v: () => app.files.paste(), s: () => app.files.sample(), x: () => app.files.cancel(), c: () => app.view.filter({}), z: () => app.view.undo(),
      t: () => app.nextTheme(), u: () => app.toggleLocal(), l: () => app.case.copyLink(), '?': () => app.help(),
    }[key];
    if (!act) return;
    event.preventDefault();
    act();
  });
}
