import { roles } from '../roles/role.catalogue.js';
import { accountWishes } from './account.wishes.fixture.js';
import { deviceWishes } from './device.wishes.fixture.js';
import { softwareWishes } from './software.wishes.fixture.js';
import { limitedOutcome, outcomeFor, type Outcome, type Wish } from './wish.fixture.js';

/** Everything that a thief may want, in the order of the page. Written by hand: it is the promise, not the code. */
export const wishes: readonly Wish[] = [...deviceWishes, ...softwareWishes, ...accountWishes];

const cellOf = (outcome: Outcome): string => (outcome === 'no' ? '–' : String(outcome));

/** The table of docs/security.md: its cells, line by line, the head first. */
export const promised: readonly (readonly string[])[] = [
  ['a thief wants to', ...roles.map(({ name }) => name), 'Full Administrator of one collection'],
  ...wishes.map((wish) => [
    wish.says,
    ...roles.map(({ id }) => cellOf(outcomeFor(wish, id))),
    cellOf(limitedOutcome(wish)),
  ]),
];
