// The provider's pages: one frame, no outside host, the State's colours.
const STYLE = `
  :root { --blue: #000091; --text: #161616; --grey: #666; --line: #ddd; --back: #fff; --soft: #f6f6f6; }
  @media (prefers-color-scheme: dark) {
    :root { --blue: #8585f6; --text: #fff; --grey: #ccc; --line: #444; --back: #161616; --soft: #242424; }
  }
  * { box-sizing: border-box; }
  body { margin: 0; font: 1rem/1.5 Marianne, Arial, sans-serif; color: var(--text); background: var(--back); }
  header { border-bottom: 1px solid var(--line); padding: 1rem; font-weight: 700; }
  main { max-width: 56rem; margin: 0 auto; padding: 1.5rem 1rem 3rem; }
  h1 { font-size: 1.75rem; line-height: 1.25; }
  h2 { font-size: 1.25rem; margin-top: 2rem; }
  ul { list-style: none; margin: 0; padding: 0; display: grid; gap: .75rem; grid-template-columns: repeat(auto-fill, minmax(16rem, 1fr)); }
  button { font: inherit; cursor: pointer; min-height: 2.75rem; padding: .75rem 1rem; border: 1px solid var(--blue); color: var(--blue); background: var(--back); }
  button:hover { background: var(--soft); }
  button:focus-visible { outline: 2px solid #0a76f6; outline-offset: 2px; }
  li button { width: 100%; height: 100%; text-align: left; }
  li button strong { display: block; }
  li button span { display: block; color: var(--grey); font-size: .875rem; }
  .notice { border-left: 4px solid var(--blue); background: var(--soft); padding: .75rem 1rem; }
  .detail { color: var(--grey); font-size: .875rem; }`;

export function escaped(text) {
  const names = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };
  return String(text).replace(/[&<>"']/g, (character) => names[character]);
}

export function page({ title, body }) {
  return `<!doctype html>
<html lang="fr">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <title>${escaped(title)} — ProConnect (démonstration)</title>
  <style>${STYLE}</style>
</head>
<body>
  <header>ProConnect (démonstration)</header>
  <main>${body}</main>
</body>
</html>`;
}

export function sendPage(response, { html, status = 200, nonce = "", formTargets = [] }) {
  const scripts = nonce ? `script-src 'nonce-${nonce}'; ` : "";
  response.writeHead(status, {
    "content-type": "text/html; charset=utf-8",
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "x-frame-options": "DENY",
    "content-security-policy":
      `default-src 'none'; style-src 'unsafe-inline'; ${scripts}base-uri 'none'; frame-ancestors 'none'; ` +
      `form-action 'self' ${formTargets.join(" ")}`,
  });
  response.end(html);
}
