import { CliError } from '../cli.error.js';
import type { Source } from '../world.js';
import { WorldFixture } from '../world.fixture.js';
import { Output } from './output.js';
import { displayWidth, pad, printable, printableJson, printableLines, truncate } from './printable.js';
import { Progress } from './progress.js';
import { confirm, readSecret } from './prompt.js';
import { minor, number, TableLayout, text, whole } from './table.js';
import { readTime, showDuration } from './times.js';

describe('text from devices', () => {
  it('cannot steer the terminal: escapes, C1 controls and marks of direction are taken out', () => {
    expect(printable('a\u001B[2Jb\u009B31mc\u202Ed\re\n')).toBe('a\uFFFD[2Jb\uFFFD31mc\uFFFDd\uFFFDe\uFFFD');
    expect(printableLines('one\r\ntwo\t\u0007')).toBe('one\ntwo\t\uFFFD');
  });

  it('is whole again for a program that reads the JSON', () => {
    const hostile = 'a\u001B[2J\u009B\u202E\u2028"';
    const json = printableJson({ hostile });
    expect(json).toMatch(/^[\x20-\x7e]*$/);
    expect(JSON.parse(json)).toEqual({ hostile });
  });

  it('is measured as a terminal shows it', () => {
    expect(['abc', 'é', '漢字', '👩‍👩‍👧', '🇩🇪'].map(displayWidth)).toEqual([3, 1, 4, 2, 2]);
    expect(truncate('漢字漢字', 5)).toBe('漢字…');
    expect(truncate('abc', 3)).toBe('abc');
    expect(pad('字', 4)).toBe('字  ');
    expect(pad('7', 3, 'right')).toBe('  7');
  });
});

describe('a table', () => {
  interface Row {
    readonly id: number;
    readonly name: string;
    readonly note: string | null;
  }
  const columns = [
    number<Row>('ID', ({ id }) => id),
    text<Row>('NAME', ({ name }) => name),
    text<Row>('NOTE', ({ note }) => note),
    whole<Row>('STATE', () => 'active'),
  ];
  const rows: readonly Row[] = [
    { id: 7, name: 'x'.repeat(30), note: 'y'.repeat(40) },
    { id: 16_777_219, name: 'short', note: null },
  ];

  it('keeps to the width of the terminal; what may not be cut is whole', () => {
    const lines = new TableLayout(columns, 50).lines(rows);
    for (const line of lines) expect(displayWidth(line)).toBeLessThanOrEqual(50);
    expect(lines[1]).toMatch(/^ {7}7 {2}x+… {2}y+… {2}active$/);
    expect(lines[2]).toMatch(/^16777219 {2}short +- +active$/);
  });

  it('leaves minor columns out before it cuts others beyond reading, the last one first', () => {
    const more = [
      ...columns,
      minor(whole<Row>('MADE', () => '2026-11-21 12:00')),
      minor(whole<Row>('BY', () => 'anna')),
    ];
    const headers = [100, 75, 55].map((width) =>
      new TableLayout(more, width).lines(rows)[0]?.trim().split(/ +/),
    );
    expect(headers).toEqual([
      ['ID', 'NAME', 'NOTE', 'STATE', 'MADE', 'BY'],
      ['ID', 'NAME', 'NOTE', 'STATE', 'MADE'],
      ['ID', 'NAME', 'NOTE', 'STATE'],
    ]);
    expect(new TableLayout(more, undefined).lines(rows)[0]).toMatch(/BY$/);
  });

  it('cuts nothing where nobody looks', () => {
    expect(new TableLayout(columns, undefined).lines(rows)[1]).toContain('y'.repeat(40));
  });

  it('shows its header once, and later parts under the same columns', () => {
    const layout = new TableLayout(columns, 80);
    const first = layout.lines(rows.slice(1));
    const second = layout.lines([{ id: 1, name: 'b', note: 'c' }]);
    expect(first[0]).toMatch(/^ +ID/);
    expect(second).toHaveLength(1);
    expect(second[0]?.indexOf('active')).toBe(first[1]?.indexOf('active'));
  });
});

describe('a time on the command line', () => {
  const now = new Date('2026-11-21T12:00:00Z');

  it.each([
    ['now', now.getTime()],
    ['+2h', Date.parse('2026-11-21T14:00:00Z')],
    ['+1w', Date.parse('2026-11-28T12:00:00Z')],
    ['2026-12-01', new Date(2026, 11, 1).getTime()],
    ['2026-12-01T18:30', new Date(2026, 11, 1, 18, 30).getTime()],
    ['2026-12-01 18:30', new Date(2026, 11, 1, 18, 30).getTime()],
    ['2026-12-01T18:30Z', Date.parse('2026-12-01T18:30:00Z')],
    ['2026-12-01T18:30+02:00', Date.parse('2026-12-01T16:30:00Z')],
  ])('%s is %d', (written, expected) => {
    expect(readTime('--start', written, now)).toBe(expected);
  });

  it('is the digits of the wall clock where each device has its own', () => {
    expect(readTime('--start', '2026-12-01T18:30', now, true)).toBe(Date.parse('2026-12-01T18:30:00Z'));
  });

  it.each([
    'tomorrow',
    '2026-13-01',
    '2026-02-30',
    '2026-11-31T10:00Z',
    '+2',
    '18:30',
    '1795267125437',
    '2026-12-01T18',
  ])('%s is refused', (written) => {
    expect(() => readTime('--start', written, now)).toThrow(/--start is no time/);
  });

  it('with a zone is refused where each device has its own', () => {
    expect(() => readTime('--start', '2026-12-01T18:30Z', now, true)).toThrow(/--start is no time/);
  });

  it('and a duration are shown by their two largest units', () => {
    expect([0, 61_000, 90_061_000].map(showDuration)).toEqual(['0s', '1m 1s', '1d 1h']);
  });
});

/** A terminal at which somebody types this. */
function keyboard(...chunks: readonly string[]): Source & { readonly raw: boolean[] } {
  const raw: boolean[] = [];
  return {
    raw,
    isTTY: true,
    setRawMode: (on: boolean) => raw.push(on),
    async *[Symbol.asyncIterator]() {
      yield* chunks;
    },
  };
}

describe('a secret that is typed', () => {
  it('is not echoed, can be corrected, and gives the terminal back', async () => {
    const stdin = keyboard('wrong\u0015es', 'px\u007F_1\r');
    const world = new WorldFixture({}, { columns: 80, stdin });
    expect(await readSecret(world, 'Token: ')).toBe('esp_1');
    expect(world.written).toEqual({ stdout: '', stderr: 'Token: \n' });
    expect(stdin.raw).toEqual([true, false]);
    expect(world.restores.size).toBe(0);
  });

  it('is given up with Ctrl-C, and the terminal given back', async () => {
    const stdin = keyboard('es\u0003');
    await expect(readSecret(new WorldFixture({}, { stdin }), 'Token: ')).rejects.toMatchObject({
      exitCode: 130,
    });
    expect(stdin.raw).toEqual([true, false]);
  });

  it('comes from standard input where that is no terminal', async () => {
    const stdin: Source = {
      async *[Symbol.asyncIterator]() {
        yield Buffer.from('esp_1\nrest');
      },
    };
    expect(await readSecret(new WorldFixture({}, { stdin }), 'Token: ')).toBe('esp_1');
    await expect(readSecret(new WorldFixture(), 'Token: ')).rejects.toMatchObject({ exitCode: 2 });
  });
});

describe('something dangerous', () => {
  it('is refused where nobody can be asked, unless --yes was said', async () => {
    await expect(confirm(new WorldFixture(), 'Erase?', false)).rejects.toMatchObject({ exitCode: 2 });
    await confirm(new WorldFixture(), 'Erase?', true);
  });
});

describe('what is shown', () => {
  it('has colours only where they are wanted', () => {
    expect(new Output(new WorldFixture(), false, false).style('red', 'x')).toBe('x');
    expect(new Output(new WorldFixture(), false, true).style('red', 'x')).toBe('\u001B[31mx\u001B[0m');
  });

  it('says failures on standard error, for people with what to do, for programs as JSON', () => {
    const error = new CliError('There is no device "\u001B[2J".', 3, 'List them.');
    const people = new WorldFixture();
    new Output(people, false, false).failure(error);
    expect(people.written).toEqual({
      stdout: '',
      stderr: 'espalier: There is no device "\uFFFD[2J".\n  List them.\n',
    });
    const programs = new WorldFixture();
    new Output(programs, true, false).failure(error);
    expect(JSON.parse(programs.written.stderr)).toEqual({
      error: { message: error.message, exitCode: 3, mend: 'List them.' },
    });
  });

  it('of progress is one line that goes away, or in a log a line for each change', () => {
    const terminal = new WorldFixture({}, { columns: 30 });
    const progress = new Progress(terminal);
    progress.show('1 of 2');
    progress.show('1 of 2');
    progress.end();
    expect(terminal.written.stderr).toBe('\r\u001B[2K1 of 2\r\u001B[2K');
    expect(terminal.restores.size).toBe(0);
    const log = new WorldFixture();
    const lines = new Progress(log);
    for (const line of ['1 of 2', '1 of 2', '2 of 2']) lines.show(line);
    lines.end();
    expect(log.written.stderr).toBe('1 of 2\n2 of 2\n');
  });
});
