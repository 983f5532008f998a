import type { OpenApiDocument } from '@espalier/nest-kit';

const escape = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

/** What a person sees who opens the port in a browser: no scripts, no styles, no secrets. */
export function indexPage({ info, paths }: OpenApiDocument): string {
  const rows = Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(
      ([method, { summary }]) =>
        `<tr><td><code>${method.toUpperCase()} ${escape(path)}</code></td><td>${escape(String(summary))}</td></tr>`,
    ),
  );
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escape(info['title'] ?? '')}</title>
<h1>${escape(info['title'] ?? '')} ${escape(info['version'] ?? '')}</h1>
<p>This is the API for consoles and scripts. It is described by <a href="/api/v1/openapi.json">openapi.json</a>.
Requests carry an API token: <code>Authorization: Bearer esp_…</code></p>
<table>
${rows.join('\n')}
</table>
</html>
`;
}
