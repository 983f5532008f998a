import type { CollectionRule } from '@espalier/contracts';
import type { Database } from '@espalier/persistence';
import type { Restriction } from '../../access/restrict.js';
import type { CollectionService } from '../../collections/collection.service.js';

interface DirectRow {
  readonly resource_id: number;
  readonly name: string;
  readonly kind: 'device' | 'user';
}

/** The rules of a collection as AdminService writes them. */
export class CollectionRuleReader {
  constructor(
    private readonly db: Database,
    private readonly collections: Pick<CollectionService, 'get'>,
  ) {}

  /**
   * @param within condition on `d.resource_id`: direct rules about others are left out
   * @throws EspalierError ESP_COLLECTION_UNKNOWN
   */
  async rulesOf(collectionId: string, within: Restriction): Promise<object[]> {
    const { rules } = await this.collections.get(collectionId);
    const direct = await this.db.query<DirectRow>(
      `SELECT d.resource_id, r.name, r.kind FROM {collection_direct_rule} AS d
       INNER JOIN {resource} AS r ON r.resource_id = d.resource_id
       WHERE d.collection_id = :collectionId AND ${within.sql} ORDER BY d.resource_id`,
      { ...within.params, collectionId },
    );
    return [...rules.map(ruleOf), ...direct.map(directOf)];
  }
}

function ruleOf(rule: CollectionRule): object {
  if (rule.kind === 'query')
    return {
      '@odata.type': '#AdminService.SMS_CollectionRuleQuery',
      RuleName: rule.name,
      QueryID: rule.ruleId,
      QueryExpression: rule.query,
    };
  const way = rule.kind === 'include' ? 'Include' : 'Exclude';
  return {
    '@odata.type': `#AdminService.SMS_CollectionRule${way}Collection`,
    RuleName: rule.collectionName,
    [`${way}CollectionID`]: rule.collectionId,
  };
}

const directOf = ({ resource_id, name, kind }: DirectRow): object => ({
  '@odata.type': '#AdminService.SMS_CollectionRuleDirect',
  RuleName: name,
  ResourceClassName: kind === 'device' ? 'SMS_R_System' : 'SMS_R_User',
  ResourceID: resource_id,
});
