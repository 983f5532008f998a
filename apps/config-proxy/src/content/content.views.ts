import type { Content } from '@espalier/contracts';
import type { ContentItem } from './content.store.js';

export const contentView = (item: ContentItem): Content => ({
  id: item.id,
  name: item.name,
  fileName: item.fileName,
  size: item.size,
  sha256: item.sha256,
  createdAt: item.createdAt,
  createdBy: item.createdBy,
  distributed: item.distributed,
  path: `/content/${item.sha256}/${encodeURIComponent(item.fileName)}`,
});
