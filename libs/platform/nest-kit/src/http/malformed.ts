import type { Socket } from 'node:net';
import { commonErrors } from '@espalier/contracts';
import { PROBLEM_CONTENT_TYPE, toProblem } from '../errors/problem.js';

/** Answers what is not even HTTP, has too large a head, or was not whole in time, and closes the connection. */
export function refuseMalformed(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const late = error.code === 'ERR_HTTP_REQUEST_TIMEOUT';
  const large = error.code === 'HPE_HEADER_OVERFLOW';
  const line = late
    ? '408 Request Timeout'
    : large
      ? '431 Request Header Fields Too Large'
      : '400 Bad Request';
  const status = Number(line.slice(0, 3));
  const detail = late
    ? 'The request was not whole in time.'
    : large
      ? 'The headers are too large.'
      : 'This is not HTTP.';
  const problem = toProblem({ ...commonErrors.ESP_BAD_REQUEST({ detail }).toBody(), status }, 'none');
  const body = JSON.stringify(problem);
  socket.end(
    `HTTP/1.1 ${line}\r\nconnection: close\r\ncontent-type: ${PROBLEM_CONTENT_TYPE}\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}
