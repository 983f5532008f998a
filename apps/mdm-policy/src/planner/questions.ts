import { createHash } from 'node:crypto';
import type { InventoryKind } from '@espalier/contracts';
import type { ManagedItem, PlannerInput, Questions } from './planner.types.js';

const HOUR = 3_600_000;
/** A question that was not answered is asked again; mdm does not queue it twice. */
const ASK_AGAIN_AFTER = HOUR;
const ASK_FACTS_AGAIN_AFTER = 24 * HOUR;

/** What there is to ask after the actions of this round. */
export interface QuestionNeeds {
  /** A profile is being installed or removed now: the answer behind it proves it. */
  readonly acted: boolean;
  /** A removal cannot begin without knowing what is there. */
  readonly needsProfiles: boolean;
  /** The platform, or the time zone where one counts, is not known. */
  readonly needsFacts: boolean;
}

export interface QuestionPlan {
  readonly kinds: readonly InventoryKind[];
  readonly questions: Questions;
  readonly nextAt: number | null;
}

/** Decides what to ask the device: for proof, for knowledge, and now and then for drift. */
export function planQuestions(
  { now, enrollment, actual, questions, checkEveryMs }: PlannerInput,
  items: readonly ManagedItem[],
  { acted, needsProfiles, needsFacts }: QuestionNeeds,
): QuestionPlan {
  if (enrollment.state !== 'enrolled') return { kinds: [], questions, nextAt: null };
  const { profilesAskedAt, deviceAskedAt } = questions;
  const report = actual.profiles;
  const unanswered = profilesAskedAt !== null && (report === null || report.reportedAt < profilesAskedAt);
  const profiles = items.filter((item) => item.kind === 'profile');
  const unproven = profiles.some((item) => item.phase === 'acknowledged');

  const times: number[] = [];
  const due = (at: number): boolean => {
    if (at > now) times.push(at);
    return at <= now;
  };
  const mayAskAt = unanswered ? profilesAskedAt + ASK_AGAIN_AFTER : now;
  const forProof = (unproven || needsProfiles) && due(mayAskAt);
  const lastHeard = Math.max(profilesAskedAt ?? 0, report?.reportedAt ?? 0);
  const forDrift = profiles.length > 0 && due(lastHeard + spread(enrollment.id, checkEveryMs));
  // A user channel does not answer that; its device is asked by itself.
  const forFacts =
    needsFacts &&
    enrollment.kind === 'device' &&
    due(deviceAskedAt === null ? now : deviceAskedAt + ASK_FACTS_AGAIN_AFTER);
  const askProfiles = acted || questions.wanted || forProof || forDrift;

  const kinds: InventoryKind[] = [];
  if (askProfiles) kinds.push('profiles');
  if (forFacts) kinds.push('device');
  // What is asked now is waited for first.
  if (askProfiles && (unproven || needsProfiles)) times.push(now + ASK_AGAIN_AFTER);
  if (askProfiles && profiles.length > 0) times.push(now + spread(enrollment.id, checkEveryMs));
  if (forFacts) times.push(now + ASK_FACTS_AGAIN_AFTER);
  return {
    kinds,
    questions: {
      profilesAskedAt: askProfiles ? now : profilesAskedAt,
      deviceAskedAt: forFacts ? now : deviceAskedAt,
      wanted: false,
    },
    nextAt: times.length === 0 ? null : Math.min(...times),
  };
}

/** 90 to 110 % of the time, always the same for one enrolment, so that not all are asked at once. */
function spread(id: string, everyMs: number): number {
  const fraction = createHash('sha256').update(id).digest().readUInt16BE() / 0xffff;
  return Math.round(everyMs * (0.9 + 0.2 * fraction));
}
