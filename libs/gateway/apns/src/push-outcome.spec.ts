import fc from 'fast-check';

import { outcomeOfAnswer, type PushOutcome } from './push-outcome.js';

const outcome = (status: number, body: unknown, retryAfterMs?: number): PushOutcome =>
  outcomeOfAnswer(
    { status, apnsId: 'ID', retryAfterMs, body: typeof body === 'string' ? body : JSON.stringify(body) },
    (asked) => asked,
  );

describe('outcomeOfAnswer', () => {
  it('takes the decision from the reason', () => {
    expect(outcome(200, '')).toEqual({ kind: 'accepted', apnsId: 'ID' });
    expect(outcome(400, { reason: 'BadDeviceToken' })).toEqual({
      kind: 'token-invalid',
      reason: 'BadDeviceToken',
    });
    expect(outcome(400, { reason: 'BadExpirationDate' })).toEqual({
      kind: 'rejected',
      reason: 'BadExpirationDate',
    });
    expect(outcome(410, { reason: 'ExpiredToken' })).toEqual({
      kind: 'unregistered',
      reason: 'ExpiredToken',
    });
    expect(outcome(400, { reason: 'IdleTimeout' })).toMatchObject({ kind: 'retry' });
  });

  it('falls back to the status where the reason is new, missing or no reason', () => {
    expect(outcome(403, { reason: 'BrandNew' })).toEqual({ kind: 'certificate-problem', reason: 'BrandNew' });
    expect(outcome(410, { timestamp: 1_700_000_000_000 })).toEqual({
      kind: 'unregistered',
      reason: 'Status410',
      since: new Date(1_700_000_000_000),
    });
    expect(outcome(502, '<html>')).toEqual({ kind: 'retry', reason: 'Status502', afterMs: 502 });
    expect(outcome(400, { reason: 'has spaces\nand lines' })).toEqual({
      kind: 'rejected',
      reason: 'Status400',
    });
    expect(outcome(400, { reason: 'toString' })).toEqual({ kind: 'rejected', reason: 'toString' });
  });

  it('waits at least as long as Retry-After says', () => {
    expect(outcome(429, { reason: 'TooManyRequests' }, 90_000)).toMatchObject({ afterMs: 90_000 });
    expect(outcome(429, { reason: 'TooManyRequests' }, 1)).toMatchObject({ afterMs: 429 });
  });

  it('gives an outcome for any body', () => {
    fc.assert(
      fc.property(fc.integer({ min: 100, max: 599 }), fc.oneof(fc.string(), fc.json()), (status, body) => {
        const { kind } = outcome(status, body);
        expect(kind === 'accepted').toBe(status === 200);
      }),
      { numRuns: 200 },
    );
  });
});
