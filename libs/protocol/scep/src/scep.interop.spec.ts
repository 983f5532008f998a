import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkIssued, createCsr, decodePem, nameValue, parseCertificate } from '@espalier/x509';
import {
  buildCaCertReply,
  buildPkcsReq,
  chooseAlgorithms,
  decodeGetMessage,
  encodeGetMessage,
  formatCapabilities,
  maxMessageBytes,
  parseCaCertReply,
  parseCapabilities,
  parseCertRep,
  type CertRep,
  type ScepBody,
  type ScepCapability,
  scepContentTypes,
} from './index.js';
import { answerPkiOperation, createSpecCa } from './scep.fixture.js';

const isInstalled = (command: string): boolean => spawnSync(command, ['-version']).error === undefined;
const withClient = isInstalled('scepclient') ? describe : describe.skip;
const withServer = isInstalled('scepserver') ? describe : describe.skip;

const ca = createSpecCa();
const folders: string[] = [];
afterAll(() => folders.forEach((folder) => rmSync(folder, { recursive: true, force: true })));

function createFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'espalier-scep-'));
  folders.push(folder);
  return folder;
}

withClient('scepclient against our server functions (needs the Debian package scep)', () => {
  const all: ScepCapability[] = [
    'Renewal',
    'SHA-1',
    'SHA-256',
    'AES',
    'DES3',
    'SCEPStandard',
    'POSTPKIOperation',
  ];
  const server = createServer((request, response) => {
    void answer(request, response, request.url?.startsWith('/get') ? ['SHA-256', 'AES'] : all);
  });
  beforeAll(async () => {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  async function enroll(path: string, challenge: string): Promise<{ exitCode: number; folder: string }> {
    const cwd = createFolder();
    const { port } = server.address() as AddressInfo;
    const url = `http://127.0.0.1:${port}${path}`;
    const flags = [
      '-server-url',
      url,
      '-challenge',
      challenge,
      '-cn',
      'mac-1',
      '-private-key',
      'key.pem',
      '-certificate',
      'cert.pem',
    ];
    const client = spawn('scepclient', flags, { cwd, stdio: 'ignore' });
    const [exitCode] = (await once(client, 'exit')) as [number];
    return { exitCode, folder: cwd };
  }

  it('enrols by POST and by GET and gets a certificate our CA issued', async () => {
    for (const path of ['/post', '/get']) {
      const { exitCode, folder: cwd } = await enroll(path, 'once');
      expect(exitCode).toBe(0);
      const issued = parseCertificate(decodePem(readFileSync(join(cwd, 'cert.pem'), 'latin1'))[0].der);
      expect(nameValue(issued.subject, 'CN')).toBe('mac-1');
      checkIssued(issued, parseCertificate(ca.identity.certificate), { now: new Date() });
    }
  });

  it('understands our refusal of a wrong challenge', async () => {
    const { exitCode, folder: cwd } = await enroll('/post', 'wrong');
    expect(exitCode).not.toBe(0);
    expect(() => readFileSync(join(cwd, 'cert.pem'))).toThrow('ENOENT');
  });
});

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  capabilities: ScepCapability[],
): Promise<void> {
  const { searchParams } = new URL(request.url ?? '/', 'http://localhost');
  const { contentType, body } = await replyTo(request, searchParams, capabilities);
  response.writeHead(200, { 'content-type': contentType, connection: 'close' }).end(body);
}

async function replyTo(
  request: IncomingMessage,
  query: URLSearchParams,
  capabilities: ScepCapability[],
): Promise<ScepBody> {
  switch (query.get('operation')) {
    case 'GetCACaps':
      return {
        contentType: scepContentTypes.capabilities,
        body: Buffer.from(formatCapabilities(capabilities)),
      };
    case 'GetCACert':
      return buildCaCertReply([ca.identity.certificate]);
    default: {
      const message =
        request.method === 'POST' ? await readBody(request) : decodeGetMessage(query.get('message') ?? '');
      return { contentType: scepContentTypes.pkiMessage, body: answerPkiOperation(ca, message, 'once') };
    }
  }
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).subarray(0, maxMessageBytes);
}

withServer('our client functions against scepserver (needs the Debian package scep)', () => {
  let url = '';
  let stop = async (): Promise<void> => undefined;

  beforeAll(async () => {
    const cwd = createFolder();
    const made = spawnSync('scepserver', ['ca', '-init', '-depot', 'depot', '-keySize', '2048'], { cwd });
    if (made.status !== 0) throw new Error(made.stderr.toString());
    const port = await freePort();
    const server = spawn(
      'scepserver',
      ['-depot', 'depot', '-port', String(port), '-challenge', 'once', '-log-json'],
      { cwd },
    );
    stop = async () => {
      const gone = once(server, 'exit');
      server.kill('SIGKILL');
      await gone;
    };
    // It logs one line when it listens.
    await Promise.race([once(server.stdout, 'data'), once(server.stderr, 'data')]);
    url = `http://127.0.0.1:${port}/scep`;
  });
  afterAll(() => stop());

  async function get(operation: string, message = ''): Promise<ScepBody> {
    const response = await fetchWhenUp(`${url}?operation=${operation}&message=${message}`);
    const contentType = response.headers.get('content-type') ?? '';
    return { contentType, body: Buffer.from(await response.arrayBuffer()) };
  }

  async function enroll(challenge: string, transport: 'GET' | 'POST'): Promise<CertRep> {
    const capabilities = parseCapabilities((await get('GetCACaps')).body.toString());
    const caCertificates = parseCaCertReply(await get('GetCACert'));
    const subject = { CN: `mac ${transport}`, O: 'Acme' };
    const signer = ca.selfSigned(subject);
    const csr = createCsr({ subject, key: ca.clientKey, challengePassword: challenge });
    const [recipient = signer.certificate] = caCertificates;
    const request = buildPkcsReq({ csr, signer, recipient, ...chooseAlgorithms(capabilities) });
    const reply =
      transport === 'GET'
        ? (await get('PKIOperation', encodeGetMessage(request.der))).body
        : Buffer.from(
            await (
              await fetchWhenUp(`${url}?operation=PKIOperation`, {
                method: 'POST',
                body: new Uint8Array(request.der),
              })
            ).arrayBuffer(),
          );
    return parseCertRep(reply, { request, signer, caCertificates });
  }

  it('enrols by GET and POST', async () => {
    for (const transport of ['GET', 'POST'] as const) {
      const reply = await enroll('once', transport);
      expect(reply).toMatchObject({ status: 'SUCCESS' });
      if (reply.status !== 'SUCCESS') return;
      const [caCertificate = reply.certificate] = parseCaCertReply(await get('GetCACert'));
      checkIssued(parseCertificate(reply.certificate), parseCertificate(caCertificate), { now: new Date() });
    }
  });

  it('reads its refusal of a wrong challenge', async () => {
    expect(await enroll('wrong', 'POST')).toMatchObject({ status: 'FAILURE', failInfo: 'badRequest' });
  });
});

async function freePort(): Promise<number> {
  const probe = createTcpServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}

/** The server logs just before it listens: a refused connection is tried again, for two seconds at most. */
async function fetchWhenUp(address: string, init: RequestInit = {}): Promise<Response> {
  for (let tries = 0; ; tries++) {
    try {
      return await fetch(address, { ...init, headers: { connection: 'close' } });
    } catch (error) {
      if (tries === 40) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}
