import type { AddressInfo } from 'node:net';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import { newCertificate } from './certificate.js';

export type Mail = {
  readonly from: string;
  readonly to: readonly string[];
  readonly raw: string;
  readonly isSecure: boolean;
};

export type MailServer = {
  readonly port: number;
  /** PEM of who signed its certificate. */
  readonly ca: string;
  readonly mails: Mail[];
  /** Passwords that it was told. */
  readonly passwords: string[];
  /** Reply code to the next recipients; undefined: taken. */
  refusal: number | undefined;
  close(): Promise<void>;
};

export type MailServerOptions = {
  /** `tls` from the start, `starttls` offered, or none. */
  readonly security: 'tls' | 'starttls' | 'none';
  /** Who may sign in; undefined: nobody has to. */
  readonly account?: { readonly user: string; readonly password: string };
};

/** A real SMTP server that keeps what it gets. */
export async function startMailServer({ security, account }: MailServerOptions): Promise<MailServer> {
  const { cert, key } = newCertificate();
  const mails: Mail[] = [];
  const passwords: string[] = [];
  const options: SMTPServerOptions = {
    secure: security === 'tls',
    key,
    cert,
    hideSTARTTLS: security !== 'starttls',
    disabledCommands: security === 'starttls' ? [] : ['STARTTLS'],
    authOptional: account === undefined,
    onAuth: ({ username, password }, _session, callback) => {
      passwords.push(password ?? '');
      const isRight = username === account?.user && password === account?.password;
      callback(isRight ? null : new Error('Invalid username or password'), { user: username });
    },
    onRcptTo: (_address, _session, callback) => {
      if (mailServer.refusal === undefined) return callback();
      callback(Object.assign(new Error('Not now'), { responseCode: mailServer.refusal }));
    },
    onData: (stream, session, callback) => {
      const pieces: Buffer[] = [];
      stream.on('data', (piece: Buffer) => pieces.push(piece));
      stream.on('end', () => {
        const { mailFrom, rcptTo } = session.envelope;
        mails.push({
          from: mailFrom === false ? '' : mailFrom.address,
          to: rcptTo.map(({ address }) => address),
          raw: Buffer.concat(pieces).toString('utf8'),
          isSecure: session.secure,
        });
        callback();
      });
    },
  };
  const server = new SMTPServer(options);
  server.on('error', () => undefined); // a client that does not trust us hangs up
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const mailServer: MailServer = {
    port: (server.server.address() as AddressInfo).port,
    ca: cert,
    mails,
    passwords,
    refusal: undefined,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
  return mailServer;
}
