import { execFile, execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { startAppleSim, type AppleSim } from '../apple-sim.js';

const TOPIC = 'com.apple.mgmt.External.c0ffee00-1234-4cde-8abc-0123456789ab';
const run = promisify(execFile);

function isInstalled(program: string, feature: string): boolean {
  try {
    return execFileSync(program, ['--version'], { encoding: 'utf8' }).includes(feature);
  } catch {
    return false;
  }
}

let sim: AppleSim;
let cwd: string;
let url: string;

async function start(): Promise<void> {
  sim = await startAppleSim();
  cwd = await mkdtemp(join(tmpdir(), 'sim-apple-'));
  const pair = sim.issuePushCertificate(TOPIC);
  const files = {
    'ca.pem': sim.ca,
    'cert.pem': pair.certificate,
    'key.pem': pair.key,
    body: '{"mdm":"magic"}',
  };
  for (const [name, text] of Object.entries(files)) await writeFile(join(cwd, name), text);
  url = `${sim.apnsUrl}/3/device/${sim.apns.issueToken(TOPIC)}`;
}

async function stop(): Promise<void> {
  await rm(cwd, { recursive: true });
  await sim.close();
}

(isInstalled('curl', 'HTTP2') ? describe : describe.skip)('curl --http2', () => {
  beforeAll(start);
  afterAll(stop);

  it('pushes, and is told what is wrong', async () => {
    const flags = ['-s', '-w', ' %{http_code} %{http_version}', '--http2', '--cacert', 'ca.pem'];
    const auth = ['--cert', 'cert.pem', '--key', 'key.pem'];
    const send = ['-d', '@body', '-H', `apns-topic: ${TOPIC}`, '-H', 'apns-push-type: mdm'];
    const { stdout } = await run('curl', [...flags, ...auth, ...send, url], { cwd });
    expect(stdout).toBe(' 200 2');
    const twice = ['-H', 'apns-priority: 10', '-H', 'apns-priority: 5'];
    const refused = await run('curl', [...flags, ...auth, ...send, ...twice, url], { cwd });
    expect(refused.stdout).toBe('{"reason":"DuplicateHeaders"} 400 2');
    const unknown = await run('curl', [...flags, ...send, url], { cwd });
    expect(unknown.stdout).toBe('{"reason":"MissingProviderToken"} 403 2');
  });
});

(isInstalled('nghttp', 'nghttp2') ? describe : describe.skip)('nghttp', () => {
  beforeAll(start);
  afterAll(stop);

  it('pushes, and sees the stream limit of APNs', async () => {
    const auth = ['--cert=cert.pem', '--key=key.pem', '-H:method: POST', '-dbody'];
    const { stdout } = await run('nghttp', ['-nv', ...auth, `-Hapns-topic: ${TOPIC}`, url], { cwd });
    expect(stdout).toMatch(/:status: 200/);
    expect(stdout).toMatch(/apns-id: [0-9A-F-]{36}/);
    expect(stdout).toMatch(/SETTINGS_MAX_CONCURRENT_STREAMS\(0x03\):1000/);
  });
});
