import { disruptiveRequestTypes } from '@espalier/contracts';
import { commandMetadata, isKnownRequestType } from '@espalier/mdm-protocol';
import fc from 'fast-check';
import { isDestructive } from '../../commands/destructive.js';
import { defaultPolicies } from '../approval.policies.js';
import { commandActionKind } from './command.action.js';

describe('the policy that a command falls under', () => {
  it('is one for each command that does harm, and none for those that do not', () => {
    const kinds = disruptiveRequestTypes.map((type) => [type, commandActionKind(type)]);
    expect(Object.fromEntries(kinds)).toMatchObject({
      EraseDevice: 'erase',
      RemoveProfile: 'remove-management',
      DeviceLock: 'disruptive-command',
      RestartDevice: 'disruptive-command',
      SetFirmwarePassword: 'disruptive-command',
    });
    expect(kinds.filter(([, kind]) => kind === undefined)).toEqual([]);
    for (const harmless of ['ProfileList', 'DeviceInformation', 'SecurityInfo'])
      expect(commandActionKind(harmless)).toBeUndefined();
  });

  it('has an answer to every spelling: what is not known needs an approval', () => {
    const spelling = fc.constantFrom(...disruptiveRequestTypes).chain((type) =>
      fc.array(fc.boolean(), { minLength: type.length, maxLength: type.length }).map((upper) =>
        Array.from(type)
          .map((letter, at) => (upper[at] === true ? letter.toUpperCase() : letter.toLowerCase()))
          .join(''),
      ),
    );
    fc.assert(
      fc.property(fc.oneof(spelling, fc.stringMatching(/^[A-Za-z][A-Za-z0-9]{1,63}$/)), (requestType) => {
        const kind = commandActionKind(requestType);
        expect(kind !== undefined).toBe(isDestructive(requestType));
        if (!isKnownRequestType(requestType)) expect(kind).toBe('unknown-command');
        if (commandMetadata(requestType).destructive) expect(kind).toBeDefined();
      }),
      { numRuns: 200 },
    );
  });

  it('wants a second person and has a limit, as shipped', () => {
    for (const kind of ['erase', 'remove-management', 'disruptive-command', 'unknown-command'] as const)
      expect(defaultPolicies[kind]).toMatchObject({ required: true, hourlyCap: expect.any(Number) });
  });
});
