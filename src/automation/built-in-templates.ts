/** The language that everything falls back to. */
export const LAST_LANGUAGE = 'en';

/** What greets where a tenant has written nothing: for any business. By language. */
export const BUILT_IN_TEMPLATES: ReadonlyMap<string, string> = new Map([
  [
    'en',
    `Hello {{display_name}}, and welcome to {{business_name}}!

Your account is ready. Write to us right here whenever you like: with a question, or just to tell us what you are looking for. One of our consultants will answer you in this conversation.

We are glad that you are here.`,
  ],
  [
    'zh',
    `{{display_name}}，您好！欢迎来到{{business_name}}。

您的账户已经可以使用。无论是想咨询问题，还是想说说自己的需求，都可以随时在这里留言，我们的顾问会在本对话中为您解答。

很高兴认识您，期待为您服务。`,
  ],
]);
