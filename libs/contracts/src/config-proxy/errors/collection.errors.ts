import { defineErrors } from '../../errors/espalier-error.js';

/** Errors about collections, their rules, variables and maintenance windows. */
export const collectionErrors = defineErrors({
  ESP_COLLECTION_UNKNOWN: {
    status: 404,
    level: 'info',
    title: 'There is no such collection.',
    mend: 'List the collections to see their ids.',
  },
  ESP_COLLECTION_NAME_TAKEN: {
    status: 409,
    level: 'info',
    title: 'Another collection of this kind has the same name; case does not count.',
    mend: 'Choose another name, or change the collection that has it.',
  },
  ESP_COLLECTION_BUILT_IN: {
    status: 409,
    level: 'info',
    title: 'Built-in collections cannot be changed or deleted.',
    mend: 'Make a collection of your own that is limited to it.',
  },
  ESP_COLLECTION_RULE_INVALID: {
    status: 400,
    level: 'info',
    title: 'A rule of the collection is not valid.',
    mend: 'Correct what the detail names; GET /api/v1/collections/query-classes lists what queries can ask about.',
  },
  ESP_COLLECTION_REFERENCE_INVALID: {
    status: 400,
    level: 'info',
    title: 'A collection can only refer to collections of its own kind that exist.',
    mend: 'Give the id of a collection of the same kind.',
  },
  ESP_COLLECTION_CIRCLE: {
    status: 409,
    level: 'info',
    title: 'Limiting, included and excluded collections would form a circle.',
    mend: 'Remove one of the references that the detail names.',
  },
  ESP_COLLECTION_IN_USE: {
    status: 409,
    level: 'info',
    title: 'The collection is in use, so it cannot be deleted.',
    mend: 'First remove what the detail names.',
  },
  ESP_COLLECTION_RULE_UNKNOWN: {
    status: 404,
    level: 'info',
    title: 'The collection has no such rule.',
    mend: 'Read the collection to see its rules.',
  },
  ESP_COLLECTION_VARIABLES_INVALID: {
    status: 400,
    level: 'info',
    title: 'The variables are not valid.',
    mend: 'Correct what the detail names.',
  },
  ESP_COLLECTION_WINDOW_UNKNOWN: {
    status: 404,
    level: 'info',
    title: 'The collection has no such maintenance window.',
    mend: 'List the maintenance windows of the collection to see their ids.',
  },
  ESP_COLLECTION_WINDOW_LIMIT: {
    status: 409,
    level: 'info',
    title: 'The collection has as many maintenance windows as it can have.',
    mend: 'Delete one that is not needed any more.',
  },
});
