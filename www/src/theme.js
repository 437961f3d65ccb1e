// Light or dark, as somebody chose or as the system has it.

export function readTheme() {
  try {
    const theme = localStorage.getItem('theme');
    return ['light', 'dark'].includes(theme) ? theme : 'auto';
  } catch {
    return 'auto';
  }
}

export function applyTheme(theme) {
  if (theme === 'auto') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  try { localStorage.setItem('theme', theme); } catch { /* not kept then */ }
}
