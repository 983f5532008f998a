/** The word under which shells ask for completions; no command of people. */
export const COMPLETE = '__complete';
