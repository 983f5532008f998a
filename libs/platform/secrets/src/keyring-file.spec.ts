import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createKeyringFile, loadKeyring, rotateKeyringFile } from './keyring-file.js';

const context = { table: 't', column: 'c', row: '1' };

describe('keyring file', () => {
  let folder: string;
  let path: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'espalier-keyring-'));
    path = join(folder, 'keyring.json');
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('is made for the owner only, and is not overwritten', () => {
    const id = createKeyringFile(path, () => new Date('2026-11-21T10:00:00Z'));
    expect(id).toMatch(/^k-2026-11-21-[0-9a-f]{8}$/);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(loadKeyring(path).activeId).toBe(id);
    expect(() => createKeyringFile(path)).toThrow('cannot be made');
  });

  it('gains a new active key by rotation and still opens what the old one sealed', () => {
    const first = createKeyringFile(path);
    const sealed = loadKeyring(path).seal(Buffer.from('x'), context);
    const second = rotateKeyringFile(path);
    const keyring = loadKeyring(path);
    expect([keyring.activeId, keyring.ids]).toEqual([second, [first, second]]);
    expect(keyring.open(sealed, context).toString()).toBe('x');
    expect(keyring.needsRewrap(sealed)).toBe(true);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('is refused when others may read it; a group only where that is asked for', () => {
    createKeyringFile(path);
    for (const mode of [0o644, 0o660, 0o602]) {
      chmodSync(path, mode);
      expect(() => loadKeyring(path, { groupMayRead: true })).toThrow('open to others');
    }
    chmodSync(path, 0o440);
    expect(() => loadKeyring(path)).toThrow('mode 0440');
    expect(loadKeyring(path, { groupMayRead: true }).ids).toHaveLength(1);
  });

  it('says what is wrong with a file that is not a keyring, without quoting it', () => {
    const refused = (text: string): string => {
      writeFileSync(path, text, { mode: 0o600 });
      try {
        loadKeyring(path);
      } catch (error) {
        return `${String(error)} ${String((error as Error).cause)}`;
      }
      return 'loaded';
    };
    expect(() => loadKeyring(path)).toThrow('cannot be read');
    expect(refused('canary')).toContain('is not JSON');
    expect(refused('canary')).not.toContain('canary');
    expect(refused('null')).toContain('expected fields');
    expect(refused('{"version":1,"active":"k","keys":[{"id":"k","key":"c2hvcnQ="}]}')).toContain('32 bytes');
    createKeyringFile(join(folder, 'good.json'));
    const good = JSON.parse(readFileSync(join(folder, 'good.json'), 'utf8')) as object;
    expect(refused(JSON.stringify({ ...good, active: 'other' }))).toContain('not in the keyring');
  });
});
