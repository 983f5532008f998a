import type { ScriptParameter } from '@espalier/contracts';
import { invalid } from './collection-rule.body.js';

const MOST_CHARACTERS = 64_000;
const ELEMENT = /<ScriptParameter\b((?:[^<>"']|"[^"<]*"|'[^'<]*')*)>/g;
const CONTENT = /<ScriptContent\b([^<>]*)>/;
const HASH = /<ScriptHash\b[^<>]*>([0-9A-Fa-f]{64})<\/ScriptHash>/;
/** Begins where a name does: from within a long word it would be tried again for each letter. */
const ATTRIBUTE = /(?<![A-Za-z])([A-Za-z]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g;
const ENTITIES: Readonly<Record<string, string>> = {
  '&lt;': '<',
  '&gt;': '>',
  '&amp;': '&',
  '&quot;': '"',
  '&apos;': "'",
};

/**
 * Base64 as SMS_Scripts has it: UTF-16LE behind a byte order mark, or, as some modules send it, UTF-8.
 * @throws EspalierError ESP_ADMIN_SERVICE_REQUEST_INVALID
 */
export function textOfBase64(name: string, base64: string): string {
  const compact = base64.replaceAll(/\s+/g, '');
  if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(compact))
    throw invalid(`${name} must be base64.`);
  const bytes = Buffer.from(compact, 'base64');
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return bytes.toString('utf16le', 2);
  return bytes.toString('utf8').replace(/^\ufeff/, '');
}

/** As {@link textOfBase64} reads it. */
export const base64OfText = (text: string): string =>
  Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(text, 'utf16le')]).toString('base64');

/**
 * Parameters as `ParamsDefinition` has them, in base64 or plain: `<ScriptParameters><ScriptParameter Name="…" …/>`.
 * @throws EspalierError ESP_ADMIN_SERVICE_REQUEST_INVALID
 */
export function readParameters(definition: string): unknown[] {
  const given = definition.trim();
  if (given === '') return [];
  const xml = given.startsWith('<') ? given : textOfBase64('ParamsDefinition', given);
  if (xml.trim() === '') return [];
  if (xml.length > MOST_CHARACTERS || !xml.includes('<ScriptParameters'))
    throw invalid('ParamsDefinition must be <ScriptParameters> of at most 64,000 characters.');
  return [...xml.matchAll(ELEMENT)].map(([, attributes = '']) => {
    const of = attributesOf(attributes);
    const defaultValue = of.get('defaultvalue') ?? '';
    return {
      name: of.get('name') ?? '',
      description: of.get('description') ?? '',
      isRequired: of.get('isrequired')?.toLowerCase() === 'true',
      defaultValue: defaultValue === '' ? null : defaultValue,
    };
  });
}

/** What `Param` of a client operation of the type 135 says: which script, in which version, with which parameters. */
export interface ScriptContent {
  readonly scriptId: string;
  /** Of what the caller has seen; hexadecimal. */
  readonly sha256: string | undefined;
  readonly parameters: Readonly<Record<string, string>>;
}

/**
 * `<ScriptContent ScriptGuid='…'>` in base64, as the console of ConfigMgr and public scripts make it.
 * @throws EspalierError ESP_ADMIN_SERVICE_REQUEST_INVALID
 */
export function readScriptContent(param: string): ScriptContent {
  const xml = textOfBase64('Param', param);
  const content = xml.length > MOST_CHARACTERS ? undefined : CONTENT.exec(xml)?.[1];
  const scriptId = attributesOf(content ?? '')
    .get('scriptguid')
    ?.toLowerCase();
  if (scriptId === undefined)
    throw invalid("Param must be <ScriptContent ScriptGuid='…'> of at most 64,000 characters, in base64.");
  const given = [...xml.matchAll(ELEMENT)].map(([, attributes = '']): [string, string] => {
    const of = attributesOf(attributes);
    return [of.get('parametername') ?? '', of.get('parametervalue') ?? ''];
  });
  return { scriptId, sha256: HASH.exec(xml)?.[1]?.toLowerCase(), parameters: Object.fromEntries(given) };
}

const attributesOf = (text: string): ReadonlyMap<string, string> =>
  new Map(
    [...text.matchAll(ATTRIBUTE)].map(([, name = '', double, single]) => [
      name.toLowerCase(),
      decoded(double ?? single ?? ''),
    ]),
  );

/** Parameters as {@link readParameters} takes them, plain. */
export const writeParameters = (parameters: readonly ScriptParameter[]): string =>
  [
    '<ScriptParameters SchemaVersion="1">',
    ...parameters.map(
      ({ name, description, isRequired, defaultValue }) =>
        `<ScriptParameter Name="${encoded(name)}" FriendlyName="${encoded(name)}" Type="System.String" Description="${encoded(description)}" IsRequired="${String(isRequired)}" IsHidden="false" DefaultValue="${encoded(defaultValue ?? '')}"/>`,
    ),
    '</ScriptParameters>',
  ].join('');

function decoded(value: string): string {
  return value.replaceAll(
    /&(?:lt|gt|amp|quot|apos|#(\d{1,7})|#x([0-9A-Fa-f]{1,6}));/g,
    (all, decimal, hex) => {
      if (decimal === undefined && hex === undefined) return ENTITIES[all] ?? all;
      const code = hex === undefined ? Number(decimal) : Number.parseInt(String(hex), 16);
      return code <= 0x10_ff_ff ? String.fromCodePoint(code) : '\ufffd';
    },
  );
}

/** New lines and tabs would be read as blanks (XML 1.0 §3.3.3). */
const encoded = (value: string): string =>
  value.replaceAll(/[<>&"\n\r\t]/g, (character) => `&#${character.charCodeAt(0)};`);
