import { z } from 'zod';

import { defineEvent, defineJob, defineRpc } from './define.js';
import { defineServiceInterface } from './service-interface.js';

const payload = z.object({});
const rpc = defineRpc({ service: 'mdm', verb: 'get', request: payload, response: payload });
const event = defineEvent({ owner: 'mdm', aggregate: 'a', event: 'x', payload });
const other = defineEvent({ owner: 'mdm', aggregate: 'b', event: 'x', payload });
const job = defineJob({ worker: 'mdm', queue: 'q', payload });

describe('defineServiceInterface', () => {
  it('fills in what is left out', () => {
    const declared = defineServiceInterface({ service: 'vpp', calls: [rpc] });
    expect(declared).toMatchObject({ service: 'vpp', serves: [], calls: [rpc], consumes: [], works: [] });
  });

  it('refuses what belongs to another service and what NATS could not keep apart', () => {
    const vpp = (rest: object) => () => defineServiceInterface({ service: 'vpp', ...rest });
    expect(vpp({ serves: [rpc] })).toThrow('it belongs to mdm');
    expect(vpp({ publishes: [event] })).toThrow('mdm owns it');
    expect(vpp({ works: [job] })).toThrow('mdm does');
    expect(vpp({ consumes: [{ durable: 'a.b', events: [event] }] })).toThrow('lower case');
    expect(vpp({ consumes: [{ durable: 'a', events: [] }] })).toThrow('names no events');
    expect(vpp({ consumes: [{ durable: 'a', events: [event, other] }] })).toThrow('mixes aggregates');
    const twice = [
      { durable: 'a', events: [event] },
      { durable: 'a', events: [other] },
    ];
    expect(vpp({ consumes: twice })).toThrow('used twice');
  });
});
