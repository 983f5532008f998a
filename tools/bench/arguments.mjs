/** What the benches read from their command lines. */

/**
 * @param {string} name of the option
 * @param {string} text
 * @param {number} least
 * @throws {TypeError} naming the option
 */
export function numberOf(name, text, least) {
  const value = Number(text);
  if (Number.isFinite(value) && value >= least) return value;
  throw new TypeError(`${name} must be a number of at least ${least}, not ${text}`);
}

/**
 * @param {string} name of the option
 * @param {string} text
 * @param {number} least
 * @throws {TypeError} naming the option
 */
export function wholeOf(name, text, least) {
  const value = Number(text);
  if (Number.isInteger(value) && value >= least) return value;
  throw new TypeError(`${name} must be a whole number of at least ${least}, not ${text}`);
}

/**
 * The parts of a bench that `--only` names.
 * @template {string} Part
 * @param {readonly Part[]} parts that there are
 * @param {string} text separated by commas
 * @returns {Set<Part>}
 * @throws {TypeError} where there is no such part
 */
export function partsOf(parts, text) {
  return new Set(
    text.split(',').map((name) => {
      const part = parts.find((known) => known === name);
      if (part === undefined) throw new TypeError(`--only takes ${parts.join(', ')}, not ${name}`);
      return part;
    }),
  );
}
