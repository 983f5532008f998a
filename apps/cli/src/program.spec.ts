import type { Command } from 'commander';
import { Cli } from './cli.js';
import { complete } from './complete.js';
import { createProgram, fill } from './program.js';
import { WorldFixture } from './world.fixture.js';

interface Leaf {
  readonly words: string;
  readonly command: Command;
}

async function wholeProgram(): Promise<{ readonly program: Command; readonly leaves: Leaf[] }> {
  const cli = new Cli(new WorldFixture());
  const program = createProgram(cli, '1');
  for (const group of program.commands) await fill(group, cli);
  const leaves = program.commands.flatMap((group): Leaf[] =>
    group.commands.length === 0
      ? [{ words: group.name(), command: group }]
      : group.commands.map((command) => ({ words: `${group.name()} ${command.name()}`, command })),
  );
  return { program, leaves };
}

function helpOf(command: Command): string {
  let text = '';
  command.configureOutput({ writeOut: (part) => (text += part) });
  command.outputHelp();
  return text;
}

/** The words of an example as a shell would give them; undefined where it is one of the shell's own. */
function wordsOf(line: string): string[] | undefined {
  const [command = ''] = line.split(/ [<>|]/);
  if (!command.startsWith('espalier ')) return undefined;
  return [...command.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)]
    .map(([, double, single, plain]) => double ?? single ?? plain ?? '')
    .slice(1);
}

describe('the command line', () => {
  it('has a summary and an example for every command, and each example is understood', async () => {
    const { program, leaves } = await wholeProgram();
    expect(leaves.length).toBeGreaterThan(60);
    const carriedOut: string[] = [];
    for (const { words, command } of leaves) command.action(() => void carriedOut.push(words));
    for (const { words, command } of leaves) {
      expect([words, command.summary()]).toEqual([words, expect.stringMatching(/^[a-z].*[^.]$/)]);
      const [, examples = ''] = helpOf(command).split(/\nExamples?:\n/);
      const lines =
        examples
          .split('\n\n')[0]
          ?.split('\n')
          .map((line) => line.trim()) ?? [];
      expect([words, lines.some((line) => line.includes(`espalier ${words}`))]).toEqual([words, true]);
      for (const line of lines) {
        const typed = wordsOf(line);
        if (typed === undefined) continue;
        carriedOut.length = 0;
        await program.parseAsync(typed, { from: 'user' });
        expect([line, carriedOut]).toEqual([line, [words]]);
      }
    }
  });

  it('takes general options before and after the command', async () => {
    const { program, leaves } = await wholeProgram();
    leaves.find(({ words }) => words === 'devices list')?.command.action(() => undefined);
    for (const words of [
      ['--json', '--profile', 'x', 'devices', 'list'],
      ['devices', 'list', '--json', '--profile', 'x'],
    ]) {
      await program.parseAsync(words, { from: 'user' });
      expect(program.opts()).toMatchObject({ json: true, profile: 'x' });
    }
  });

  it('does not load what makes connections for help', async () => {
    const world = new WorldFixture();
    const cli = new Cli(world);
    await expect(
      createProgram(cli, '1').parseAsync(['devices', 'list', '--help'], { from: 'user' }),
    ).rejects.toMatchObject({ code: 'commander.helpDisplayed' });
    expect(world.written.stdout).toMatch(/Usage: espalier devices list/);
    expect(() => cli.settings()).toThrow(/not read yet/);
  });
});

describe('completion', () => {
  const completed = (...words: string[]): Promise<string[]> => complete(new Cli(new WorldFixture()), words);

  it('knows groups, commands, options and what options take', async () => {
    expect(await completed('de')).toEqual(['devices', 'deploy', 'deployments']);
    expect(await completed('devices', 's')).toEqual(['show', 'set']);
    expect(await completed('--json', 'devices', 'list', '--pl')).toEqual(['--platform']);
    expect(await completed('deployments', 'devices', '3', '--status', 'e')).toEqual(['error']);
    expect(await completed('devices', 'list', '--js')).toEqual(['--json']);
  });

  it('offers nothing where only the person knows', async () => {
    expect(await completed('devices', 'list', '--filter', '')).toEqual([]);
    expect(await completed('devices', 'show', 'mac')).toEqual([]);
  });
});
