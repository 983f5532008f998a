import { complianceStates, enforcementStates, evaluationStates, stateTopics } from '@espalier/contracts';

const invert = (names: Readonly<Record<string, number>>): ReadonlyMap<number, string> =>
  new Map(Object.entries(names).map(([name, id]) => [id, words(name)]));

/** `waitingForWindow` as people write it: `waiting for window`. */
const words = (name: string): string => name.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);

const compliance = invert(complianceStates);
const namesOfTopic: Readonly<Record<number, ReadonlyMap<number, string>>> = {
  [stateTopics.assignmentCompliance]: compliance,
  [stateTopics.ciCompliance]: compliance,
  [stateTopics.assignmentEnforcement]: invert(enforcementStates),
  [stateTopics.assignmentEvaluation]: invert(evaluationStates),
};

/** What a state of a topic is called. */
export const stateNameOf = (topicType: number, stateId: number): string =>
  namesOfTopic[topicType]?.get(stateId) ?? `state ${stateId}`;
