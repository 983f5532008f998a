import type { ExplainLink, Explanation } from '@espalier/contracts';
import { deliveryLinks } from './delivery.links.js';
import { isAway, timeText, type ExplainFacts } from './explain.types.js';
import { targetingLinks } from './targeting.links.js';

/** The chain from a deployment to a device, and what it comes to. The same facts give the same explanation. */
export function explain(facts: ExplainFacts): Explanation {
  const chain = chainOf(facts);
  const { resource, deployment } = facts;
  const complies =
    chain.at(-1)?.link === 'verification' && chain.every((link) => link.state === 'ok' || isAway(link));
  return {
    resourceId: resource.id,
    deploymentId: deployment.id,
    deploymentName: deployment.settings.name,
    thingName: deployment.thingName,
    answer: answerOf(chain, facts, complies),
    complies,
    chain,
  };
}

function chainOf(facts: ExplainFacts): ExplainLink[] {
  const chain: ExplainLink[] = [];
  for (const make of targetingLinks) {
    const made = make(facts);
    chain.push(made);
    if (made.state !== 'ok' && !isAway(made)) return chain;
  }
  return [...chain, ...deliveryLinks(facts)];
}

const openings = {
  waiting: 'Not yet',
  missing: 'Missing link',
  failed: 'It failed',
  lost: 'It was lost',
} as const;

function answerOf(chain: readonly ExplainLink[], { deployment }: ExplainFacts, complies: boolean): string {
  const away = chain.findLast(isAway);
  const silent = away?.facts['away'];
  const caveat = typeof silent === 'string' ? ` (${silent} does not answer now.)` : '';
  if (complies) {
    const at = chain.at(-1)?.at ?? null;
    const has = deployment.settings.action === 'install' ? 'It has it' : 'It is gone';
    return `${has}${at === null ? '' : ` since ${timeText(at)}`}.${caveat}`;
  }
  const open = chain.find((link) => link.state !== 'ok' && !isAway(link));
  if (open === undefined || open.state === 'ok') return `Not known: ${away?.text ?? 'nothing was reported.'}`;
  return `${openings[open.state]}: ${afterColon(open.text)}${caveat}`;
}

/** A sentence goes on in lower case after a colon; names keep their capitals. */
const afterColon = (text: string): string =>
  text.replace(/^(The|It|A|An|Another|No)\b/, (word) => word.toLowerCase());
