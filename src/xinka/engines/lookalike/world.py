"""Words that claim an office, and words added to look trustworthy, in other languages than Chinese and English.

Words of several parts are written without the spaces between them, as names are compared.
"""

from __future__ import annotations

WORLD_ROLES = """
サポート サポートセンター サポート窓口 サポートデスク カスタマーサポート カスタマーサービス カスタマーセンター
お客様センター お客様相談室
お客様サポート お客様窓口 相談窓口 お問い合わせ お問い合わせ窓口 事務局 運営 運営事務局 ヘルプ ヘルプデスク
セキュリティ セキュリティ窓口
セキュリティセンター コールセンター 公式サポート 公式アカウント 担当者 管理者
고객센터 고객지원 고객지원팀 고객지원센터 고객상담 고객상담실 고객서비스 고객만족센터 상담원 상담센터 상담사
보안센터 보안팀 운영자 운영팀 관리자 지원팀
공식계정 고객행복센터 콜센터 환불팀
поддержка техподдержка техническаяподдержка службаподдержки центрподдержки служба службабезопасности безопасность
администратор администрация оператор помощь модератор менеджер консультант клиентскаяслужба підтримка
службапідтримки
технічнапідтримка допомога адміністратор служббезпеки
ช่วยเหลือ ฝ่ายช่วยเหลือ บริการลูกค้า ฝ่ายบริการลูกค้า ศูนย์บริการลูกค้า ลูกค้าสัมพันธ์ ฝ่ายสนับสนุน เจ้าหน้าที่
แอดมิน
hỗtrợ hỗtrợkháchhàng chămsóckháchhàng cskh tổngđài trungtâmhỗtrợ dịchvụkháchhàng bộphậnhỗtrợ
الدعم الدعمالفني خدمةالعملاء الأمان المساعدة תמיכה שירותלקוחות सहायता सहायताकेंद्र ग्राहकसेवा
υποστήριξη βοήθεια εξυπηρέτηση εξυπηρέτησηπελατών ασφάλεια
hilfe kundenservice kundendienst kundenbetreuung kundensupport sicherheit hilfecenter servicecenter
assistance aide serviceclient serviceclients serviceclientèle sécurité supportclient
ayuda soporte soportetécnico atencionalcliente atenciónalcliente servicioalcliente seguridad asistencia atención
suporte atendimento atendimentoaocliente ajuda centraldeajuda segurança assistencia
assistenza assistenzaclienti serviziclienti servizioclienti supporto sicurezza aiuto
klantenservice hulp ondersteuning beveiliging kundtjänst kundeservice kundservice asiakaspalvelu hjälp säkerhet
pomoc pomoctechniczna obsługaklienta biuroobsługi bezpieczeństwo podpora zákaznickápodpora ügyfélszolgálat
suportclienți
destek müşterihizmetleri yardım güvenlik desteği layananpelanggan bantuan layanan khidmatpelanggan
"""
WORLD_FILLERS = """
公式 正規 お客様 お客さま 本物 認証済み 공식 정품 인증 고객 실시간 официальная официальный официально официальные
клиентов клиентам офіційна офіційний chínhthức oficial oficiales officiel officielle offiziell offizieller offizielle
offizielles ufficiale officieel officiële officiell oficjalny oficjalna oficjalne resmi رسمي επίσημη επίσημο
"""
