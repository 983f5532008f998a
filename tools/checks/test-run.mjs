import { build } from '../setup/build.mjs';
import { installDependencies } from '../setup/dependencies.mjs';
import { prepareKerberos } from '../setup/kerberos.mjs';
import { findNatsServer } from '../setup/nats-server.mjs';
import { preparePostgres } from '../setup/postgres.mjs';
import { bold, dim, elapsed, green, red, say } from '../setup/progress.mjs';
import { installTestClients } from '../setup/system-packages.mjs';
import { staticChecks } from './checks.mjs';
import { runSpecs } from './specs.mjs';

/**
 * `npm test`: sets up what is missing, then builds, checks and runs the specs; with arguments (Jest's filters), builds
 * and runs the specs that match. Ends with the line `<n> passed, <n> failed`: tests, and one for each other step.
 * @param {string[]} filters
 * @returns {Promise<number>} the exit code
 */
export async function runTests(filters) {
  const since = performance.now();
  const [nats] = await Promise.all([findNatsServer(), installDependencies()]);
  process.env['ESPALIER_NATS_SERVER'] = nats;
  await installTestClients();
  await preparePostgres();
  await prepareKerberos();

  const summary = new Summary();
  const built = summary.add(await runStep({ name: 'build', run: build }));
  if (filters.length === 0) await runAll(staticChecks, summary);
  if (built) {
    say(bold('specs'));
    const specsSince = performance.now();
    summary.addSpecs(await runSpecs(filters), elapsed(specsSince));
  } else {
    summary.addSpecs({ passed: 0, failed: 1, skipped: 0, problem: 'not run: the build failed' }, '0.0 s');
  }
  return summary.print(elapsed(since));
}

/** `npm run lint`: everything that `npm test` checks without running the specs. */
export async function lint() {
  const summary = new Summary();
  // Type-aware rules read the types of other projects from their build.
  summary.add(await runStep({ name: 'build', run: build }));
  await runAll(staticChecks, summary);
  return summary.failed === 0 ? 0 : 1;
}

/**
 * Two at a time: most of them use one core.
 * @param {import('./checks.mjs').Check[]} checks
 * @param {Summary} summary
 */
async function runAll(checks, summary) {
  const waiting = [...checks];
  const worker = async () => {
    for (let check = waiting.shift(); check !== undefined; check = waiting.shift())
      summary.add(await runStep(check));
  };
  await Promise.all([worker(), worker()]);
}

/** @typedef {{ name: string, ok: boolean, duration: string }} Step */

/**
 * @param {import('./checks.mjs').Check} check
 * @returns {Promise<Step>}
 */
async function runStep({ name, run }) {
  const since = performance.now();
  const { ok, output } = await run();
  const duration = elapsed(since);
  if (!ok) say(`${red('FAIL')}  ${name}\n${output.trimEnd()}`);
  else say(`${green('ok')}    ${name.padEnd(20)} ${dim(duration)}`);
  return { name, ok, duration };
}

class Summary {
  passed = 0;
  failed = 0;
  /** @type {string[]} */
  #lines = [];

  /** @param {Step} step */
  add({ name, ok, duration }) {
    if (ok) this.passed += 1;
    else this.failed += 1;
    this.#line(ok, name, duration, '');
    return ok;
  }

  /**
   * @param {import('./specs.mjs').SpecOutcome} specs
   * @param {string} duration
   */
  addSpecs({ passed, failed, skipped, problem }, duration) {
    this.passed += passed;
    this.failed += failed;
    const counts = [`${passed} passed`, `${failed} failed`, skipped > 0 && `${skipped} skipped`, problem];
    this.#line(failed === 0, 'specs', duration, counts.filter(Boolean).join(', '));
  }

  /** @returns {number} the exit code */
  print(/** @type {string} */ duration) {
    say(['', ...this.#lines, `      ${'in all'.padEnd(20)} ${duration}`, ''].join('\n'));
    say(`${this.passed} passed, ${this.failed} failed`);
    return this.failed === 0 ? 0 : 1;
  }

  /** @type {(ok: boolean, name: string, duration: string, detail: string) => void} */
  #line(ok, name, duration, detail) {
    this.#lines.push(
      `${ok ? green('ok  ') : red('FAIL')}  ${name.padEnd(20)} ${duration.padEnd(8)} ${detail}`.trimEnd(),
    );
  }
}
