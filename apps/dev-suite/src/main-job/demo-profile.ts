import { encodeProfile, stableUuid } from '@espalier/config-profile';

const IDENTIFIER = 'io.espalier.demo';

/** A harmless profile: it sets the text of the login window. */
export function demoProfile(): Buffer {
  return encodeProfile({
    PayloadType: 'Configuration',
    PayloadVersion: 1,
    PayloadIdentifier: IDENTIFIER,
    PayloadUUID: stableUuid(IDENTIFIER),
    PayloadDisplayName: 'Espalier demonstration',
    PayloadContent: [
      {
        PayloadType: 'com.apple.loginwindow',
        PayloadVersion: 1,
        PayloadIdentifier: `${IDENTIFIER}.loginwindow`,
        PayloadUUID: stableUuid(`${IDENTIFIER}.loginwindow`),
        LoginwindowText: 'Managed by Espalier',
      },
    ],
  });
}
