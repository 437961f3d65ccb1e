// The theme and the filter of the catalogue. Without this, everything can be read all the same.

const root = document.documentElement;
const THEMES = ['auto', 'light', 'dark'];
const stored = () => { try { return localStorage.getItem('theme'); } catch { return null; } };

function show(theme) {
  if (theme === 'auto') delete root.dataset.theme;
  else root.dataset.theme = theme;
  button.textContent = `Theme: ${theme}`;
}

const button = document.getElementById('theme');
let theme = THEMES.includes(stored()) ? stored() : 'auto';
show(theme);
button.hidden = false;
button.addEventListener('click', () => {
  theme = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length];
  try { localStorage.setItem('theme', theme); } catch { /* a page without storage keeps it until it is left */ }
  show(theme);
});

const filter = document.getElementById('filter');
if (filter) {
  filter.hidden = false;
  const rows = [...document.querySelectorAll('.rules tbody tr')].map((row) => ({ row, text: row.textContent.toLowerCase() }));
  const shown = document.getElementById('shown');
  shown.setAttribute('role', 'status');
  const chosen = (name) => document.getElementById(name).value;
  filter.addEventListener('input', () => {
    const words = chosen('search').toLowerCase().split(/\s+/).filter(Boolean);
    const fits = ({ row, text }) => words.every((word) => text.includes(word))
      && ['severity', 'kind', 'tactics'].every((name) => chosen(name) === '' || row.dataset[name].split(' ').includes(chosen(name)));
    let count = 0;
    for (const entry of rows) {
      entry.row.hidden = !fits(entry);
      count += entry.row.hidden ? 0 : 1;
    }
    shown.textContent = count === rows.length ? `${count} rules` : `${count} of ${rows.length} rules`;
  });
}
