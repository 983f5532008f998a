import { DeclarationDocumentError, readTokens } from '../declarations/declaration-documents.js';
import { formatProblem, type CommandHandler } from './command-outcome.js';

/** Turns declarative management on, or asks for a synchronisation. It is done after the session: see README.md. */
export const declarativeManagement: CommandHandler = (command, { folder }) => {
  const data = command.optionalData('Data');
  const { fullReportAt } = folder.state.declarative ?? {};
  return {
    status: 'Acknowledged',
    changes: {
      declarative: {
        sync: true,
        ...(data !== undefined && { token: tokenOf(data) }),
        ...(fullReportAt !== undefined && { fullReportAt }),
      },
    },
  };
};

function tokenOf(data: Buffer): string {
  try {
    return readTokens(data);
  } catch (error) {
    if (!(error instanceof DeclarationDocumentError)) throw error;
    throw formatProblem(`Data is no TokensResponse: ${error.message}.`);
  }
}
