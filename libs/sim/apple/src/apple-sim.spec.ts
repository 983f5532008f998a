import { connect } from 'node:net';
import { once } from 'node:events';

import { startAppleSim } from './apple-sim.js';

describe('startAppleSim', () => {
  it('leaves nothing open where a port is taken', async () => {
    const first = await startAppleSim();
    const adminPort = Number(new URL(first.adminUrl).port);
    const before = new URL(first.deviceUrl).port;
    await first.close();
    const second = await startAppleSim({ adminPort });
    const failed = startAppleSim({ devicePort: Number(before), adminPort });
    await expect(failed).rejects.toThrow('EADDRINUSE');
    const probe = connect(Number(before), '127.0.0.1');
    const [error] = (await once(probe, 'error')) as [NodeJS.ErrnoException];
    expect(error.code).toBe('ECONNREFUSED');
    await second.close();
  });

  it('does not start over a state file that is something else', async () => {
    const stateFile = new URL(import.meta.url).pathname;
    await expect(startAppleSim({ stateFile })).rejects.toThrow('JSON');
  });
});
