/* The words of the sample data: a made-up clinic for aesthetic medicine, half Chinese, half English. */

export type SampleProject = {
  readonly code: string;
  readonly name: string;
  readonly category: string;
  readonly description: string;
  readonly priceMinCents: number;
  readonly priceMaxCents: number;
  readonly durationMinutes: number;
  readonly recoveryDays: number;
  readonly usualSessions: number;
  readonly sessionIntervalDays: number;
  readonly contraindications: readonly string[];
};

export const SAMPLE_PROJECTS: readonly SampleProject[] = [
  {
    code: 'hydra-facial',
    name: '水光清洁 Hydra facial',
    category: 'skin',
    description: 'Deep cleansing and moisture for dull or oily skin. 深层清洁补水。',
    priceMinCents: 38_000,
    priceMaxCents: 98_000,
    durationMinutes: 60,
    recoveryDays: 0,
    usualSessions: 3,
    sessionIntervalDays: 28,
    contraindications: ['open wounds in the area', 'active herpes'],
  },
  {
    code: 'hyaluronic-filler',
    name: '玻尿酸填充 Hyaluronic acid filler',
    category: 'injection',
    description: 'Restores volume of lips, cheeks and folds. 填充唇部、苹果肌与法令纹。',
    priceMinCents: 280_000,
    priceMaxCents: 980_000,
    durationMinutes: 45,
    recoveryDays: 3,
    usualSessions: 1,
    sessionIntervalDays: 180,
    contraindications: ['pregnancy', 'allergy to lidocaine', 'blood thinners', 'autoimmune disease'],
  },
  {
    code: 'botulinum',
    name: '肉毒素除皱 Botulinum toxin',
    category: 'injection',
    description: 'Smooths lines of expression on forehead and around the eyes. 改善抬头纹与鱼尾纹。',
    priceMinCents: 120_000,
    priceMaxCents: 480_000,
    durationMinutes: 30,
    recoveryDays: 1,
    usualSessions: 1,
    sessionIntervalDays: 120,
    contraindications: ['pregnancy', 'breastfeeding', 'myasthenia gravis', 'aminoglycoside antibiotics'],
  },
  {
    code: 'photorejuvenation',
    name: '光子嫩肤 Photorejuvenation (IPL)',
    category: 'laser',
    description: 'Evens out redness and spots with pulsed light. 改善色斑与红血丝。',
    priceMinCents: 68_000,
    priceMaxCents: 198_000,
    durationMinutes: 40,
    recoveryDays: 2,
    usualSessions: 5,
    sessionIntervalDays: 28,
    contraindications: ['recent sun exposure', 'light-sensitising medication', 'pregnancy'],
  },
  {
    code: 'picosecond-laser',
    name: '皮秒祛斑 Picosecond laser',
    category: 'laser',
    description: 'Breaks up pigment spots in short pulses. 针对色素斑。',
    priceMinCents: 150_000,
    priceMaxCents: 520_000,
    durationMinutes: 50,
    recoveryDays: 7,
    usualSessions: 3,
    sessionIntervalDays: 56,
    contraindications: ['melasma in an active phase', 'keloid tendency', 'isotretinoin within 6 months'],
  },
  {
    code: 'thermage',
    name: '热玛吉紧肤 Radiofrequency lifting',
    category: 'lifting',
    description: 'Tightens skin with radiofrequency, one session a year. 射频紧致提升。',
    priceMinCents: 1_280_000,
    priceMaxCents: 2_680_000,
    durationMinutes: 120,
    recoveryDays: 2,
    usualSessions: 1,
    sessionIntervalDays: 365,
    contraindications: ['pacemaker', 'metal implants in the area', 'pregnancy'],
  },
  {
    code: 'hair-removal',
    name: '激光脱毛 Laser hair removal',
    category: 'laser',
    description: 'Lasting reduction of hair over several sessions. 分次激光脱毛。',
    priceMinCents: 30_000,
    priceMaxCents: 220_000,
    durationMinutes: 30,
    recoveryDays: 0,
    usualSessions: 6,
    sessionIntervalDays: 42,
    contraindications: ['tanned skin', 'light-sensitising medication'],
  },
  {
    code: 'acne-care',
    name: '痘肌管理 Acne care',
    category: 'skin',
    description: 'Cleansing, mild peel and home care plan. 清洁、刷酸与居家护理方案。',
    priceMinCents: 28_000,
    priceMaxCents: 88_000,
    durationMinutes: 75,
    recoveryDays: 3,
    usualSessions: 4,
    sessionIntervalDays: 21,
    contraindications: ['isotretinoin within 6 months', 'allergy to salicylates'],
  },
];

export const SAMPLE_CONSULTANTS = [
  { username: 'consultant.lin', name: '林若溪' },
  { username: 'consultant.zhao', name: '赵思远' },
  { username: 'consultant.meyer', name: 'Anna Meyer' },
  { username: 'consultant.sun', name: '孙嘉怡' },
  { username: 'consultant.clark', name: 'Daniel Clark' },
  { username: 'consultant.he', name: '何子墨' },
] as const;

const pairs = (text: string) => text.split(' ').map((pair) => pair.split(':') as [string, string]);

/** Character and Latin spelling. */
export const SURNAMES = pairs(
  '王:wang 李:li 张:zhang 刘:liu 陈:chen 杨:yang 黄:huang 吴:wu 周:zhou 徐:xu 朱:zhu 马:ma 胡:hu 郭:guo 高:gao 罗:luo ' +
    '郑:zheng 梁:liang 谢:xie 宋:song 唐:tang 许:xu 韩:han 冯:feng 邓:deng 曹:cao 彭:peng 曾:zeng 萧:xiao 田:tian',
);
export const GIVEN_CHARACTERS = pairs(
  '小:xiao 明:ming 思:si 雨:yu 欣:xin 怡:yi 子:zi 涵:han 佳:jia 琪:qi 梦:meng 洁:jie 晓:xiao 婷:ting 雅:ya 静:jing ' +
    '宇:yu 轩:xuan 浩:hao 然:ran 俊:jun 杰:jie 嘉:jia 豪:hao 志:zhi 强:qiang 建:jian 华:hua 文:wen 博:bo 诗:shi 琳:lin ' +
    '若:ruo 彤:tong 心:xin 悦:yue 安:an 琦:qi 可:ke 馨:xin 一:yi 诺:nuo 丽:li 娜:na 秀:xiu 英:ying 春:chun 梅:mei',
);
export const FIRST_NAMES = (
  'Emma Olivia Sophia Mia Amelia Charlotte Grace Hannah Julia Laura Marie Nora Paula Sarah Zoe Alex Ben Carlos David ' +
  'Ethan Felix George Henry Ivan Jack Kevin Leo Marco Noah Oliver Peter Ryan Samuel Thomas Victor William'
).split(' ');
export const LAST_NAMES = (
  'Smith Johnson Brown Miller Davis Garcia Wilson Martin Lee Taylor White Harris Clark Lewis Young Walker Hall Allen ' +
  'King Wright Scott Green Baker Adams Nelson Hill Campbell Mitchell Roberts Carter Novak Rossi Meyer Dubois Silva Kim'
).split(' ');

export const CITIES = ['上海', '杭州', '苏州', '南京', '北京', '深圳'];
export const SOURCES = ['wechat', 'referral', 'walk_in', 'website', 'event'];
export const ALLERGIES = ['lidocaine', 'penicillin', 'latex', 'salicylates', 'pollen'];
export const TAGS = [
  'price-sensitive',
  'prefers-weekends',
  'first-timer',
  'repeat-customer',
  'needs-reassurance',
];
export const SKIN_NOTES = [
  'Dry in winter, T-zone oily. 冬季干燥。',
  'Sensitive, reddens quickly. 敏感肌。',
  'Pigment spots on both cheeks. 两颊色斑。',
];

/** `%s` is the project's name. */
export const CUSTOMER_LINES = [
  '你好，想了解一下%s。',
  '%s 大概多少钱？需要做几次？',
  '恢复期要多久，会影响上班吗？',
  '周末下午还有时间吗？',
  '我对麻药有点担心，会疼吗？',
  '好的，我再考虑一下。',
  'Hello, I would like to know more about %s.',
  'How long does it take until I can go back to work?',
  'Is there an appointment on Saturday?',
  'I had a mild allergy last year, is that a problem?',
  'Thank you, that helps a lot.',
  'The price is a bit above my budget.',
];
export const REPLY_LINES = [
  '您好，%s 的方案要看皮肤情况，建议先来面诊。',
  '一般恢复两到三天，注意防晒和补水。',
  '周六下午三点可以，我帮您预约好吗？',
  '面诊时医生会先评估，有过敏史请提前告诉我们。',
  'For %s we look at your skin first; the consultation is free of charge.',
  'You can usually go back to work the next day.',
  'Saturday at three is free. Shall I book it for you?',
  'Please tell the doctor about any allergy or medication before the treatment.',
];
export const GREETING = '欢迎！我是智能助理，您想了解哪方面？ Welcome! What would you like to know?';

export const NOTE_LINES = [
  'Interested in %s, asked about price and duration.',
  'Budget is limited, prefers to start with one session.',
  'No allergy known. 无过敏史。',
  'Reported an allergy to lidocaine; the doctor must check before any injection.',
  'Wants to decide after talking to the family. 想和家人商量后再决定。',
  'Agreed to the plan and booked the first session.',
  'Follow up next week with before and after pictures.',
  'Skin is calm today. 皮肤状态稳定。',
  'Worried about recovery time because of a business trip.',
];
export const TASK_LINES = [
  { title: '回访 Call back after the treatment', description: 'Ask about swelling and satisfaction.' },
  { title: 'Send the price list', description: '客户询问价格，请发送价目表。' },
  { title: 'Confirm the appointment', description: 'The day before, by the preferred channel.' },
  {
    title: 'Clear up the allergy',
    description: 'The doctor has to see the allergy history before an injection.',
  },
];
