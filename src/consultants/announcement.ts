import type { Language } from '../messaging/notices/notice.js';
import type { CustomerClaim } from './customer-claim.entity.js';

type Words = { readonly title: string; readonly text: string };

const NEW: Readonly<Record<Language, Words>> = {
  en: {
    title: 'New customer registered',
    text: 'A new customer has registered and waits for a consultant',
  },
  zh: { title: '新客户注册', text: '新客户已注册并开始咨询，等待顾问认领' },
};
const WAITING: Readonly<Record<Language, Words>> = {
  en: { title: 'A customer is still waiting', text: 'Nobody has taken over a customer yet' },
  zh: { title: '客户仍在等待', text: '客户尚无人认领，请尽快处理' },
};

/** Says in words what consultants are told of at `/ws`, for clients that show it as it comes; it names nobody. */
export function announcementOf(kind: string, claim: CustomerClaim, language: Language) {
  const { title, text } = (kind === 'new_customer' ? NEW : WAITING)[language];
  return {
    type: kind,
    title,
    message: text,
    customer_id: claim.userId,
    timestamp: claim.announcedAt.toISOString(),
    action: 'claim_customer',
  };
}
