import type { AppleSim } from '@espalier/sim-apple';
import { Counter, Gauge, type Registry } from 'prom-client';

/** The simulator's figures, for load runs. */
export function registerAppleSimMetrics(registry: Registry, sim: AppleSim): void {
  const registers = [registry];
  const answers = new Counter({
    name: 'apple_sim_apns_answers_total',
    help: 'Answers of the APNs stand-in',
    labelNames: ['status', 'reason', 'delivery'],
    registers,
  });
  sim.apns.onPush(({ status, reason = '', delivery = '' }) => answers.inc({ status, reason, delivery }));
  const gauges = {
    connections: 'HTTP/2 connections of MDM servers',
    streams: 'Event streams of device processes',
    waiting: 'Device tokens that wait on an event stream',
    tokens: 'Device tokens issued',
    pending: 'Pushes kept for devices that are away',
  } as const;
  for (const [name, help] of Object.entries(gauges) as [keyof typeof gauges, string][]) {
    new Gauge({
      name: `apple_sim_apns_${name}`,
      help,
      registers,
      collect() {
        this.set(sim.apns.status()[name]);
      },
    });
  }
}
