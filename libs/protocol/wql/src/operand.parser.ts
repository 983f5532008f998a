import { parseTimeUnit, type TimeUnit } from '@espalier/conditions';
import type { TokenReader } from './token.reader.js';
import type {
  WqlDateDifference,
  WqlOperand,
  WqlPath,
  WqlRunTime,
  WqlTimeOperand,
  WqlValue,
} from './wql-query.js';

const UNITS = 'year, quarter, month, week, day, hour, minute or second';

/** Reads properties, values and functions of time. */
export class OperandParser {
  constructor(private readonly tokens: TokenReader) {}

  /** `Name` or `SMS_R_System.Name`. */
  path(): WqlPath {
    const first = this.tokens.expectName('a property');
    const qualified = this.tokens.skipSymbol('.');
    return {
      kind: 'path',
      qualifier: qualified ? first.at.piece : undefined,
      name: qualified ? this.propertyName() : first.at.piece,
      at: first.at,
    };
  }

  /** What stands after the dot; it may be a word of the language. */
  propertyName(): string {
    const { tokens } = this;
    return tokens.next.kind === 'word'
      ? tokens.take().at.piece
      : tokens.fail('Here the name of a property is expected.');
  }

  /** One side of a comparison. */
  operand(): WqlOperand {
    const { tokens } = this;
    if (tokens.next.kind === 'word' && tokens.isBefore('(')) return this.call();
    return tokens.isName() ? this.path() : this.value();
  }

  value(): WqlValue {
    const { tokens } = this;
    const { kind, at } = tokens.next;
    if (kind === 'text') return { kind, value: tokens.take().value, at };
    if (kind === 'number') return { kind: 'integer', value: this.integer(), at };
    if (tokens.isWord('true', 'false')) return { kind: 'flag', value: tokens.take().value === 'true', at };
    if (kind === 'word') tokens.fail('Here a value is expected: a text in quotes, or a whole number.');
    return tokens.fail('Here a property or a value is expected.');
  }

  private integer(): number {
    const { tokens } = this;
    const value = Number(tokens.next.value);
    if (tokens.next.kind !== 'number' || !Number.isSafeInteger(value)) {
      tokens.fail('Here a whole number is expected.');
    }
    tokens.take();
    // A minus before a nought has no meaning of its own.
    return value === 0 ? 0 : value;
  }

  private call(): WqlDateDifference | WqlRunTime {
    const { tokens } = this;
    switch (tokens.next.value) {
      case 'datediff':
        return this.dateDifference();
      case 'getdate':
      case 'dateadd':
        return this.runTime();
      default:
        return tokens.fail('Only the functions DateDiff, DateAdd and GetDate are known.');
    }
  }

  private dateDifference(): WqlDateDifference {
    const { tokens } = this;
    const { at } = tokens.take();
    tokens.expectSymbol('(', 'as in DateDiff(day, LastLogonTimestamp, GetDate())');
    const unit = this.unit();
    tokens.expectSymbol(',', 'and after it the earlier time');
    const from = this.timeOperand();
    tokens.expectSymbol(',', 'and after it the later time');
    const to = this.timeOperand();
    tokens.expectSymbol(')', 'which closes DateDiff');
    return { kind: 'date-difference', unit, from, to, at };
  }

  private timeOperand(): WqlTimeOperand {
    const { tokens } = this;
    if (tokens.isWord('getdate', 'dateadd')) return this.runTime();
    const { at } = tokens.next;
    if (tokens.next.kind === 'text') return { kind: 'text', value: tokens.take().value, at };
    return tokens.isName()
      ? this.path()
      : tokens.fail('Here a time is expected: a property, GetDate() or a text.');
  }

  private runTime(): WqlRunTime {
    const { tokens } = this;
    const { at } = tokens.next;
    if (tokens.skipWord('getdate')) {
      tokens.expectSymbol('(', 'as in GetDate()');
      tokens.expectSymbol(')', 'as in GetDate()');
      return { kind: 'run-time', shifts: [], at };
    }
    if (!tokens.skipWord('dateadd')) tokens.fail('Here GetDate() or DateAdd(…) is expected.');
    return tokens.deeper(() => {
      tokens.expectSymbol('(', 'as in DateAdd(day, -7, GetDate())');
      const unit = this.unit();
      tokens.expectSymbol(',', 'and after it how many to add');
      const amount = this.integer();
      tokens.expectSymbol(',', 'and after it GetDate()');
      const inner = this.runTime();
      tokens.expectSymbol(')', 'which closes DateAdd');
      return { kind: 'run-time', shifts: [...inner.shifts, { unit, amount }], at };
    });
  }

  private unit(): TimeUnit {
    const { tokens } = this;
    const unit = tokens.next.kind === 'word' ? parseTimeUnit(tokens.next.value) : undefined;
    if (unit === undefined) return tokens.fail(`Here a unit of time is expected: ${UNITS}.`);
    tokens.take();
    return unit;
  }
}
