import { portableMigration } from '@espalier/persistence';
import { createReportViews, dropReportViews } from '../reporting/report-schema.js';

/** The views for reports: after every table that they show. */
export const createReportingViews = portableMigration('2026-11-21-create-reporting-views', {
  up: createReportViews,
  down: dropReportViews,
});
