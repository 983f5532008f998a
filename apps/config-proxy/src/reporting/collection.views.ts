import { empty, number, text, time, type ReportView } from './report-view.js';

/** Collections and their members. */
export const collectionViews: readonly ReportView[] = [
  {
    name: 'v_Collection',
    type: 'Collection',
    columns: [
      text('CollectionID', 'c.collection_id'),
      text('Name', 'c.name'),
      text('Comment', 'c.comment'),
      // CollectionType: 1 users, 2 devices.
      number('CollectionType', "CASE WHEN c.kind = 'user' THEN 1 ELSE 2 END"),
      text('LimitToCollectionID', 'c.limiting_id'),
      text('LimitToCollectionName', 'l.name'),
      number('MemberCount', 'c.member_count'),
      number('RefreshType', 'c.refresh_type'),
      number('IsBuiltIn', 'c.is_built_in'),
      time('LastRefreshTime', 'c.last_evaluated_at'),
      time('LastMemberChangeTime', 'c.last_member_change_at'),
      time('LastChangeTime', 'c.changed_at'),
    ],
    from: 'FROM {collection} AS c LEFT JOIN {collection} AS l ON l.collection_id = c.limiting_id',
  },
  {
    name: 'v_FullCollectionMembership',
    type: 'Collection',
    columns: [
      text('CollectionID', 'm.collection_id'),
      number('ResourceID', 'm.resource_id'),
      number('ResourceType', 'r.resource_type'),
      text('Name', 'r.name'),
      text('SMSID', 'r.smsid'),
      text('SiteCode', 'r.site_code'),
      ...empty('text', 'Domain', 'ClientVersion'),
      number('ClientType', 'r.client_type'),
      number('IsDirect', 'm.is_direct'),
      number('IsClient', 'r.is_client'),
      number('IsActive', 'r.is_active'),
      number('IsObsolete', 'r.is_obsolete'),
      number('IsAssigned', '1'),
      number('IsApproved', '1'),
      number('IsBlocked', '0'),
    ],
    from: 'FROM {collection_member} AS m INNER JOIN {resource} AS r ON r.resource_id = m.resource_id',
  },
];
