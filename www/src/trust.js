// The page demands Trusted Types: no text becomes HTML or script anywhere. The one exception is where its own workers lie.

const check = (url) => {
  const absolute = new URL(url, document.baseURI);
  if (absolute.origin !== location.origin) throw new TypeError(`${absolute} is not a script of this page`);
  return absolute.href;
};

const policy = globalThis.trustedTypes?.createPolicy('forepost', { createScriptURL: check });

/** The URL of a worker's script, where only the page's own may run. */
export const scriptUrl = (url) => (policy ? policy.createScriptURL(url) : check(url));
