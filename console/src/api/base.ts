/** Where the service is, without a trailing slash: it may stand below a path. */
export const BASE = new URL('.', document.baseURI).href.replace(/\/$/, '');
export const BASE_PATH = new URL(BASE).pathname.replace(/\/$/, '');
