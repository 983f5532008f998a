import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { AdminServiceHarness, FIRST_DEVICE } from './admin-service.fixture.js';

const run = promisify(execFile);

/** Runs a script in a process of its own, which alone trusts the certificate of the spec. */
const script = (site: AdminServiceHarness, code: string): Promise<{ stdout: string }> =>
  run(process.execPath, ['--input-type=module', '-e', code], {
    cwd: import.meta.dirname,
    env: {
      PATH: process.env['PATH'],
      NODE_EXTRA_CA_CERTS: site.console.place.certFile,
      BASE: `https://localhost:${site.console.ports.console}/AdminService/`,
      TOKEN: site.console.place.adminToken,
    },
  });

describe('clients of OData and AdminService over TLS', () => {
  let site: AdminServiceHarness;
  beforeAll(async () => {
    site = await AdminServiceHarness.start();
  }, 60_000);
  afterAll(() => site.stop());

  it('o.js queries, pages and reads one object', async () => {
    const { stdout } = await script(
      site,
      `import { o } from 'odata';
       const client = o(process.env.BASE + 'wmi/', { headers: { Authorization: 'Bearer ' + process.env.TOKEN } });
       const found = await client.get('SMS_R_System').query({ $filter: "startswith(Name,'Lab')", $orderby: 'Name desc', $top: 5 });
       const one = await client.get("SMS_Collection('SMS00001')").query();
       const posted = await client.post('SMS_Collection', { Name: 'by o.js', CollectionType: 2 }).query();
       console.log(JSON.stringify([found.map((row) => row.Name), one[0].Name, posted.Name]));`,
    );
    expect(JSON.parse(stdout)).toEqual([['Lab Mini', 'Lab Mac'], 'All Systems', 'by o.js']);
  });

  it('@odata/client filters, counts and orders', async () => {
    const { stdout } = await script(
      site,
      `import { OData } from '@odata/client';
       const client = OData.New4({
         metadataUri: process.env.BASE + 'wmi/$metadata',
         commonHeaders: { Authorization: 'Bearer ' + process.env.TOKEN },
         fetchProxy: async (url, init) => {
           const response = await fetch(url, init);
           const text = await response.text();
           let content = text;
           try { content = JSON.parse(text); } catch {}
           return { content, response };
         },
       });
       const set = client.getEntitySet('SMS_R_System');
       const filter = client.newFilter().property('Name').eq('Lab Mini');
       const rows = await set.query(client.newParam().filter(filter));
       console.log(JSON.stringify([rows.map((row) => row.Name), await set.count()]));`,
    );
    expect(JSON.parse(stdout)).toEqual([['Lab Mini'], 3]);
  });

  const curl = async (...args: readonly string[]): Promise<{ status: string; body: string }> => {
    const { place, ports } = site.console;
    const { stdout } = await run('curl', [
      '-sS',
      '-g',
      '--cacert',
      place.certFile,
      '-H',
      `Authorization: Bearer ${place.adminToken}`,
      '-w',
      '\n%{http_code}',
      ...args.map((arg) => arg.replace('BASE', `https://localhost:${ports.console}/AdminService`)),
    ]);
    const lines = stdout.split('\n');
    return { status: lines.at(-1) ?? '', body: lines.slice(0, -1).join('\n') };
  };

  it.each([
    ["BASE/wmi/SMS_R_System?$filter=Name+eq+'Lab+Mac'andClient+eq+1"],
    ["BASE/wmi/SMS_R_System?%24filter=startswith(Name,'Lab%20Mac')%20eq%20true"],
    ['BASE//wmi//SMS_R_System(16777219)'],
  ])('curl sends %s as it is', async (url) => {
    const { status, body } = await curl(url);
    expect(status).toBe('200');
    expect((JSON.parse(body) as { value: { Name: string }[] }).value.map(({ Name }) => Name)).toEqual([
      'Lab Mac',
    ]);
  });

  it('curl posts with the content type of old OData', async () => {
    const rule = { '@odata.type': '#AdminService.SMS_CollectionRuleDirect', ResourceID: FIRST_DEVICE };
    const made = await curl(
      '-d',
      '{"Name":"by curl"}',
      '-H',
      'Content-Type: application/json; odata=verbose',
      'BASE/wmi/SMS_Collection',
    );
    const { CollectionID } = JSON.parse(made.body) as { CollectionID: string };
    const added = await curl(
      '-d',
      JSON.stringify({ collectionRule: rule }),
      '-H',
      'Content-Type: application/json;odata.metadata=minimal',
      `BASE/wmi/SMS_Collection('${CollectionID}')/AdminService.AddMembershipRule`,
    );
    expect([made.status, added.status]).toEqual(['201', '201']);
  });

  it('takes JSON that nobody called JSON, but not from a page of another site, and nothing else', async () => {
    const post = (...args: readonly string[]) => curl(...args, 'BASE/wmi/SMS_Collection');
    expect((await post('-d', '{"Name":"by a form"}')).status).toBe('201');
    expect((await post('-d', '{"Name":"x"}', '-H', 'Origin: https://elsewhere.example')).status).toBe('415');
    expect((await post('-d', 'a=b')).status).toBe('400');
    const xml = await post('-d', '<a/>', '-H', 'Content-Type: application/atom+xml');
    expect([xml.status, (JSON.parse(xml.body) as { error: { code: string } }).error.code]).toEqual([
      '415',
      '415',
    ]);
  });

  it('takes no body that is not UTF-8, as Windows PowerShell sends it where nobody tells it', async () => {
    const file = join(site.console.place.folder, 'body.json');
    await writeFile(file, Buffer.from('{"Name":"B\xfcro"}', 'latin1'));
    for (const type of ['application/json', 'application/x-www-form-urlencoded']) {
      const args = ['--data-binary', `@${file}`, '-H', `Content-Type: ${type}`, 'BASE/wmi/SMS_Collection'];
      const { status, body } = await curl(...args);
      expect([status, body]).toEqual(['400', expect.stringContaining('charset=utf-8')]);
    }
  });

  it('Power BI finds its way: service document, metadata, then every set that the document names', async () => {
    const service = await curl(
      '-H',
      'Accept: application/json;odata.metadata=minimal',
      '-H',
      'OData-MaxVersion: 4.0',
      'BASE/wmi/',
    );
    const { value } = JSON.parse(service.body) as { value: { name: string; url: string }[] };
    const metadata = await curl('-H', 'Accept: application/xml', 'BASE/wmi/$metadata');
    for (const { name, url } of value) {
      expect(metadata.body).toContain(`<EntitySet Name="${name}"`);
      expect((await curl(`BASE/wmi/${url}?$top=1000`)).status).toBe('200');
    }
  });
});
