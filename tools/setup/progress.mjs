/** Something that the set-up cannot mend itself; its message says what the reader should do. */
export class SetupError extends Error {
  /**
   * @param {string} message
   * @param {string} [detail] what the failing program said
   */
  constructor(message, detail = '') {
    super(message);
    this.name = 'SetupError';
    this.detail = detail;
  }
}

const colours = process.stdout.isTTY && !process.env['NO_COLOR'];
const paint = (/** @type {number} */ code) => (/** @type {string} */ text) =>
  colours ? `\u001b[${code}m${text}\u001b[0m` : text;
export const green = paint(32);
export const red = paint(31);
export const dim = paint(2);
export const bold = paint(1);

/** One line of progress. */
export function say(/** @type {string} */ text) {
  process.stdout.write(`${text}\n`);
}

/** @param {number} since as `performance.now()` gave it */
export const elapsed = (since) => `${((performance.now() - since) / 1000).toFixed(1)} s`;
