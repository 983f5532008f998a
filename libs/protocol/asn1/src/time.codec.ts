import { Asn1Error } from './asn1.error.js';

// RFC 5280 §4.1.2.5 asks for seconds and Z; the optional parts are BER that old signers still emit.
const utcTimePattern = /^(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)?(Z|[+-]\d{4})$/;
const generalizedTimePattern = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)?(?:[.,](\d{1,9}))?(Z|[+-]\d{4})$/;

/** Reads the text of a UTCTime; two-digit years from 50 on are 19xx (RFC 5280 §4.1.2.5.1). */
export function decodeUtcTime(text: string): Date {
  const [, year, ...rest] = utcTimePattern.exec(text) ?? [];
  if (year === undefined) throw badTime(text);
  const [month, day, hour, minute, second, zone] = rest;
  const fullYear = Number(year) + (Number(year) >= 50 ? 1900 : 2000);
  return toDate(text, [fullYear, month, day, hour, minute, second], '0', zone);
}

/** Reads the text of a GeneralizedTime. */
export function decodeGeneralizedTime(text: string): Date {
  const [, year, month, day, hour, minute, second, fraction, zone] = generalizedTimePattern.exec(text) ?? [];
  if (year === undefined) throw badTime(text);
  return toDate(text, [Number(year), month, day, hour, minute, second], fraction ?? '0', zone);
}

function toDate(
  text: string,
  [year, ...parts]: [number, ...(string | undefined)[]],
  fraction: string,
  zone: string | undefined,
): Date {
  const [month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts.map((part) => Number(part ?? 0));
  const milliseconds = Math.floor(Number(`0.${fraction}`) * 1000);
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  date.setUTCHours(hour, minute, second, milliseconds);
  // setUTC… rolls the 31st of June over to July: a date that does not come back unchanged is none.
  const unchanged =
    date.getUTCMonth() === month - 1 &&
    date.getUTCDate() === day &&
    date.getUTCHours() === hour &&
    date.getUTCMinutes() === minute &&
    date.getUTCSeconds() === second;
  if (!unchanged) throw badTime(text);
  return new Date(date.getTime() - zoneMilliseconds(zone));
}

function zoneMilliseconds(zone: string | undefined): number {
  if (zone === undefined || zone === 'Z') return 0;
  const minutes = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(3, 5));
  return (zone.startsWith('-') ? -1 : 1) * minutes * 60_000;
}

function badTime(text: string): Asn1Error {
  return new Asn1Error('ESP_ASN1_MALFORMED', `${JSON.stringify(text.slice(0, 32))} is not a time`);
}

/** YYYYMMDDHHMMSSZ: GeneralizedTime as RFC 5280 §4.1.2.5.2 allows it (no fraction). */
export function encodeGeneralizedTime(date: Date): string {
  if (Number.isNaN(date.getTime()) || date.getUTCFullYear() < 0 || date.getUTCFullYear() > 9999) {
    throw new Asn1Error('ESP_ASN1_VALUE', 'the date cannot be written as an ASN.1 time');
  }
  return date.toISOString().slice(0, 19).replaceAll(/[-:T]/g, '') + 'Z';
}

/** YYMMDDHHMMSSZ, for 1950 to 2049 only. */
export function encodeUtcTime(date: Date): string {
  if (!fitsUtcTime(date)) {
    throw new Asn1Error('ESP_ASN1_VALUE', 'UTCTime holds 1950 to 2049 only');
  }
  return encodeGeneralizedTime(date).slice(2);
}

/** True where RFC 5280 §4.1.2.5 asks for UTCTime instead of GeneralizedTime. */
export function fitsUtcTime(date: Date): boolean {
  return date.getUTCFullYear() >= 1950 && date.getUTCFullYear() <= 2049;
}
