/** `Negotiate` and its token, in base64 (RFC 4559 §4.1). Nothing that GSSAPI is given was not held against this. */
const NEGOTIATE = /^Negotiate(?: +([A-Za-z0-9+/]{0,87380}={0,2}))? *$/i;
const NTLM_SIGNATURE = Buffer.from('NTLMSSP\0', 'latin1');
/** An NTLM message comes bare, or as the first token of SPNEGO: then behind a few object identifiers. */
const NTLM_WITHIN = 256;

/**
 * The token of an `Authorization: Negotiate` header; undefined for any other scheme, empty where it is missing or not
 * base64.
 */
export function readNegotiate(authorization: string | undefined): string | undefined {
  if (authorization === undefined || !/^Negotiate(?: |$)/i.test(authorization)) return undefined;
  const token = NEGOTIATE.exec(authorization)?.[1] ?? '';
  return token.length % 4 === 0 ? token : '';
}

/** True for a message of NTLM, also inside SPNEGO. */
export function looksLikeNtlm(token: Buffer): boolean {
  return token.subarray(0, NTLM_WITHIN).includes(NTLM_SIGNATURE);
}
