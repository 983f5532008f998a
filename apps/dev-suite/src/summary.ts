import type { Suite } from './suite/suite.js';

/** What a person needs to go on: addresses, the token, a first request, how to enrol a device. */
export function summary(suite: Suite): string {
  const ca = suite.pki.ca.certificate;
  const token = suite.state.file('admin-token');
  const curl = `curl --cacert ${ca} -H "Authorization: Bearer $(cat ${token})"`;
  return `
  Espalier runs.

    console door    ${suite.consoleUrl}/api/v1/   (API: ${suite.consoleUrl}/api/v1/openapi.json)
    devices         ${suite.deviceUrl}
    packages        ${suite.contentUrl}/packages/   (put files into ${suite.state.file('content')})
    admin token     ${token}
    logs            ${suite.state.file('logs')}

  Sign in with the command line, then see the devices, and why one has what it has:
    npm run espalier -- login --url ${suite.consoleUrl} --ca-file ${ca} < ${token}
    npm run espalier -- devices list
    npm run espalier -- --help

  Enrol a device of your own: make a link, open it on the device.
    ${curl} -H 'Content-Type: application/json' -d '{"maxUses":1}' ${suite.consoleUrl}/api/v1/enrollment-links

  Ctrl-C stops everything; npm start goes on where it was. npm start -- --help tells the rest.
`;
}
