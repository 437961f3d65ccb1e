// Browsers run no modules from file://. This is a plain script, and says what to do instead.
if (location.protocol === 'file:') {
  document.addEventListener('DOMContentLoaded', () => {
    document.getElementById('app').textContent = 'Browsers do not run this page from a file. Serve its folder on this machine, for example with "npx serve" or "python3 -m http.server", and open the address that it prints. Your logs still stay on this machine.';
  });
}
