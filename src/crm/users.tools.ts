import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { McpTool, type ToolContext } from '../tools/mcp-tool.decorator.js';
import { DirectoryService, type UserCard } from './directory.service.js';
import {
  cursorField,
  limitField,
  optionalText,
  requiredText,
  userIdField,
  usernameField,
  userRef,
} from './tool-arguments.js';
import { UserSearchService } from './user-search.service.js';

const profileInput = z.object({
  user_id: userIdField,
  username: usernameField,
  include_details: z
    .boolean()
    .default(false)
    .describe('true: also the full phone number and the avatar. false: the phone is masked. Default: false.'),
});

const searchInput = z.object({
  query: z
    .string()
    .describe(
      'Words that occur in the name, username, e-mail or phone, in any order and script, e.g. wang, emma lee, 小明, 13800. ' +
        'A lone word of one or two letters, or one Chinese character, matches the beginning of the name. ' +
        'A whole e-mail address or phone number, e.g. +8613800138000, finds who has it.',
    ),
  role: z
    .string()
    .optional()
    .describe('Only users with this role, e.g. customer or consultant. Leave out for all.'),
  limit: limitField('users', 10, 20),
  cursor: cursorField,
});

/** Tools about users: who is who. */
@Injectable()
export class UsersTools {
  constructor(
    private readonly directory: DirectoryService,
    private readonly search: UserSearchService,
  ) {}

  @McpTool({
    name: 'get_user_profile',
    title: 'User profile',
    description:
      'Basic data of one user (customer or consultant): names, e-mail, roles, tier, whether active, registration time. ' +
      "Use it to address a person correctly; use get_customer_profile for a customer's file.",
    category: 'user',
    version: '1.0.0',
    input: profileInput,
    scope: 'own',
    annotations: { readOnlyHint: true, openWorldHint: false },
  })
  async getUserProfile(args: z.output<typeof profileInput>, ctx: ToolContext) {
    const user = await this.directory.getUser(ctx.caller, userRef(args));
    const { include_details } = args;
    return {
      ...summaryOf(user),
      registration_time: user.created_at.toISOString(),
      phone: include_details ? user.phone : maskPhone(user.phone),
      ...(include_details && { avatar: user.avatar_url, avatar_url: user.avatar_url }),
      details_included: include_details,
    };
  }

  @McpTool({
    name: 'search_users',
    title: 'Search users',
    description:
      'Finds users by a part of their name, username, e-mail or phone, newest registration first. ' +
      'Use it to get the user_id that other tools need.',
    category: 'user',
    version: '1.0.0',
    input: searchInput,
    annotations: { readOnlyHint: true, openWorldHint: false },
  })
  async searchUsers(args: z.output<typeof searchInput>, ctx: ToolContext) {
    const query = requiredText('query', args.query, 100);
    const page = await this.search.searchUsers(ctx.caller, {
      query,
      role: optionalText(args.role),
      limit: args.limit,
      cursor: optionalText(args.cursor),
    });
    return {
      users: page.items.map((user) => ({ ...summaryOf(user), phone: maskPhone(user.phone) })),
      next_cursor: page.nextCursor,
    };
  }
}

function summaryOf(user: UserCard) {
  return {
    user_id: user.id,
    username: user.username,
    display_name: user.display_name,
    email: user.email,
    roles: user.roles,
    tier: user.tier,
    is_active: user.enabled,
  };
}

/** `+8613800138000` becomes `+86138****8000`; a short number keeps its last two digits. */
export function maskPhone(phone: string | null): string | null {
  if (phone === null) return null;
  return phone.length > 10 ? `${phone.slice(0, -8)}****${phone.slice(-4)}` : `****${phone.slice(-2)}`;
}
