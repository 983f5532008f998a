/** Attributes by name, in the order in which they are written; undefined ones are left out. */
export type XmlAttributes = Readonly<Record<string, string | undefined>>;

/** One element, and what stands in it, as lines. */
export function element(name: string, attributes: XmlAttributes, children: readonly string[] = []): string[] {
  const written = Object.entries(attributes)
    .map(([attribute, value]) => (value === undefined ? '' : ` ${attribute}="${escapeXml(value)}"`))
    .join('');
  if (children.length === 0) return [`<${name}${written}/>`];
  return [`<${name}${written}>`, ...children.map((line) => `  ${line}`), `</${name}>`];
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** A value for an attribute in double quotes. */
const escapeXml = (text: string): string => text.replaceAll(/[&<>"]/g, (mark) => ENTITIES[mark] ?? mark);
