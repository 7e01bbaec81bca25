export { createInbox, type Inbox } from './inbox.ts';
export { LinkClosedError, type Channel, type Link, type LinkStats, type Route } from './link.ts';
export { UnreachableError, type DialOptions, type Transport, type UnreachableReason } from './transport.ts';
