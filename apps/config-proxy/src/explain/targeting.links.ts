import type { ExplainLink, Membership, MembershipReason } from '@espalier/contracts';
import { link, timeText, type ExplainFacts } from './explain.types.js';

/** The links that this service knows of by itself, up to the deployment; each may end the chain. */
export const targetingLinks: readonly ((facts: ExplainFacts) => ExplainLink)[] = [
  resourceLink,
  enrollmentLink,
  collectionLink,
  membershipLink,
  deploymentLink,
];

function resourceLink({ resource }: ExplainFacts): ExplainLink {
  const facts = { resourceId: resource.id, state: resource.state };
  return resource.state === 'active'
    ? link('resource', { state: 'ok', text: `${resource.name} is resource ${resource.id}.`, facts })
    : link('resource', {
        state: 'lost',
        text: `The record of ${resource.name} is ${resource.state}.`,
        mend: 'Look for the newer record of the device, or have it enrol again.',
        facts,
      });
}

const ENROLL = 'Make an enrolment link and enrol the device with it.';

function enrollmentLink({ resource, enrollment, mdmEnrollment, collection }: ExplainFacts): ExplainLink {
  const who = collection.kind === 'user' ? `A user of ${resource.name}` : resource.name;
  if (enrollment === undefined)
    return link('enrollment', { state: 'missing', text: `${who} was never enrolled.`, mend: ENROLL });
  const told = mdmEnrollment.kind === 'said' ? mdmEnrollment.value : undefined;
  const facts = {
    enrollmentId: enrollment.id,
    ...(told !== undefined && { state: told.state, push: told.push, lastSeenAt: told.lastSeenAt }),
    ...(mdmEnrollment.kind === 'away' && { away: mdmEnrollment.service, why: mdmEnrollment.why }),
  };
  if (told?.state === 'pending')
    return link('enrollment', {
      state: 'waiting',
      at: told.authenticatedAt,
      text: `${who} began to enrol and has not finished.`,
      mend: 'Finish the enrolment at the device, or begin it anew.',
      facts,
    });
  if (!enrollment.isActive || told?.state === 'removed')
    return link('enrollment', {
      state: 'lost',
      at: told?.removedAt ?? null,
      by: 'the device',
      text: `${who} is not enrolled any more.`,
      mend: ENROLL,
      facts,
    });
  return link('enrollment', {
    state: 'ok',
    at: told?.enrolledAt ?? null,
    by: 'the device',
    text:
      mdmEnrollment.kind === 'away'
        ? `${who} is enrolled, as far as is known here: ${mdmEnrollment.service} does not answer.`
        : `${who} is enrolled.`,
    facts,
  });
}

function collectionLink({ deployment, collection }: ExplainFacts): ExplainLink {
  return link('collection', {
    state: 'ok',
    text: `It is deployed to the collection ${collection.name} (${deployment.collectionId}).`,
    facts: { collectionId: deployment.collectionId, name: collection.name, kind: collection.kind },
  });
}

const mendsMembership: Partial<Record<MembershipReason['kind'], string>> = {
  inactive: 'Have the device enrol again, or look for its newer record.',
  limiting: 'Make it a member of the limiting collection, or choose another limiting collection.',
  exclude: 'Take it out of the excluded collection, or take the exclude rule away.',
  'no-rule': 'Add a rule to the collection that names or matches it, or wait for facts that match.',
};

function membershipLink({ membership, resource }: ExplainFacts): ExplainLink {
  const { reasons, collectionName, isMember, joinedAt } = membership;
  const facts = { reasons: reasons.map(({ kind, text }) => ({ kind, text })) };
  const why = sentencesOf(membership);
  const pending = reasons.some(({ kind }) => kind === 'pending');
  if (isMember)
    return link('membership', {
      state: 'ok',
      at: joinedAt,
      by: why,
      text: `It is a member of ${collectionName}${joinedAt === null ? '' : ` since ${timeText(joinedAt)}`}: ${why}`,
      facts,
    });
  const mend = reasons.map(({ kind }) => mendsMembership[kind]).find((text) => text !== undefined);
  return link('membership', {
    state: pending ? 'waiting' : 'missing',
    text: `${resource.name} is not a member of ${collectionName}: ${why}`,
    mend: pending ? 'Wait for the next evaluation of the collection, or ask for one.' : (mend ?? MEMBER),
    facts,
  });
}

const MEMBER = 'Make it a member of the collection.';

const sentencesOf = ({ reasons }: Membership): string => reasons.map(({ text }) => text).join(' ');

function deploymentLink({ deployment, partOfBaseline, decision, now }: ExplainFacts): ExplainLink {
  const { settings, createdAt, createdBy, changedAt, changedBy, version } = deployment;
  const { name, intent, action, enabled, startAt, deadlineAt, localTime } = settings;
  const facts = { version, intent, action, enabled, startAt, deadlineAt, localTime };
  const title = `The deployment "${name}"`;
  const part = partOfBaseline ? `, as part of the baseline "${deployment.thingName}"` : '';
  if (!enabled)
    return link('deployment', {
      state: 'missing',
      at: changedAt,
      by: changedBy,
      text: `${title} is disabled.`,
      mend: 'Enable the deployment.',
      facts,
    });
  // Of a device's own clock only the policy knows.
  if (!localTime && startAt > now)
    return link('deployment', {
      state: 'waiting',
      at: startAt,
      by: changedBy,
      text: `${title} starts at ${timeText(startAt)}.`,
      mend: 'Wait, or let it start earlier.',
      facts,
    });
  if (intent === 'available' && decision?.state !== 'verified')
    return link('deployment', {
      state: 'missing',
      at: createdAt,
      by: createdBy,
      text: `${title} only offers it: nothing installs it by itself.`,
      mend: 'Deploy it as required.',
      facts,
    });
  return link('deployment', {
    state: 'ok',
    at: createdAt,
    by: createdBy,
    text: `${title} ${action === 'install' ? 'installs' : 'removes'} it as ${intent}${part}.`,
    facts,
  });
}
