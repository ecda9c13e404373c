const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

export function toPlainText(body: string, link: string | null): string {
  return link === null ? body : `${body}\n\n${link}`;
}

/** A message as simple HTML: an empty line begins a paragraph. Everything in it is text, whatever it looks like. */
export function toHtml(
  { title, body, language }: { readonly title: string; readonly body: string; readonly language: string },
  link: string | null,
): string {
  const paragraphs = body
    .split(/\n{2,}/)
    .map((text) => `<p>${escapeHtml(text).replaceAll('\n', '<br>')}</p>`);
  const anchor = link === null ? [] : [`<p><a href="${escapeHtml(link)}">${escapeHtml(link)}</a></p>`];
  return [
    `<!doctype html><html lang="${escapeHtml(language)}"><head><meta charset="utf-8"><title>${escapeHtml(title)}</title></head><body>`,
    ...paragraphs,
    ...anchor,
    '</body></html>',
  ].join('\n');
}

export function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => ESCAPES[character] ?? character);
}
