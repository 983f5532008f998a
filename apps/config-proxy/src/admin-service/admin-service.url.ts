import { afterPrefix } from '@espalier/odata';

/** Where every request to AdminService is routed to, whatever its path. */
export const ADMIN_SERVICE_PATH = '/AdminService';

/**
 * The path by which a request finds its route. AdminService's paths come in any letter case, with keys in brackets and
 * doubled slashes, so the door reads them by itself from the path as it was sent.
 */
export function routedUrl(url: string): string {
  const mark = url.indexOf('?');
  return afterPrefix(mark < 0 ? url : url.slice(0, mark)) === undefined ? url : ADMIN_SERVICE_PATH;
}

/** `SMS_Collection('ABC00200')`: OData 4.01, part 2, §4.3.1. */
export function objectPath(name: string, key: Readonly<Record<string, string | number | boolean>>): string {
  const values = Object.values(key).map((value) =>
    typeof value === 'string' ? `'${value.replaceAll("'", "''")}'` : String(value),
  );
  return `${name}(${values.join(',')})`;
}
